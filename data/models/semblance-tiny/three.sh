#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# three.sh FACES OUT DETECTOR [EPOCHS]: a trial of a third class, faces generated whole. DETECTOR (genuine or swapped, as make.sh
# leaves it) goes on learning for EPOCHS (16) with train_synthetic/ besides, everybody in the part where make.sh has them. Then it is
# measured, as it was and as it became, on people held out, on test/ and on video/. FACES and SEMBLANCE_CLI: see make.sh.
set -euo pipefail
# shellcheck source=steps.sh
. "$(dirname "$(realpath "$0")")/steps.sh"
faces=$(realpath "$1") detector=$(realpath "$3") cli=${SEMBLANCE_CLI:-semblance-cli}
mkdir -p "$2" && cd "$2"

tables
"$cli" dataset build --out=data --cropped train.csv
"$cli" dataset build --out=data-synthetic --cropped train_synthetic.csv
"$cli" dataset build --out=data-test --cropped test.csv
"$cli" dataset build --out=data-video video.csv
together both.csv data train.csv data-synthetic train_synthetic.csv
"$cli" dataset build --out=data-both --cropped both.csv
"$cli" finetune data-both --init="$detector" --self-blended=swapped --shares=8,5,3 --degrade=medium --cross=0.3 \
  --weight-patches=1 --layer-decay=0.9 --blr=0.001 --warmup=1 --clip=1 --erasing=0 --smoothing=0.05 --zoom=0.2 \
  --epochs="${4:-16}" -b 64 -s 1 --precision=f32 -o three
for model in "$detector" three/detector.safetensors; do
  for part in "data-both --self-blended=swapped" data-test data-video; do
    # shellcheck disable=SC2086
    "$cli" evaluate $part --model="$model"
  done
done
