#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make.sh FACES OUT [PRE [FINE]]: makes these weights again with semblance-cli, which it finds on the path or in
# SEMBLANCE_CLI, in PRE epochs of pre-training (26) and FINE of fine-tuning (14).
# FACES holds train/, test/ and video/, each with the manifest.csv it came with; everything made goes to OUT. The
# commands, seeds and data are those the card names, gathered here afterwards: they were run one by one, not as this
# file, and with the sentences on provenance and limits that the card holds. Under two hours on two cores with
# AVX-512 BF16.
set -euo pipefail
# shellcheck source=steps.sh
. "$(dirname "$(realpath "$0")")/steps.sh"
faces=$(realpath "$1") cli=${SEMBLANCE_CLI:-semblance-cli}
mkdir -p "$2" && cd "$2"
pre=${3:-26} fine=${4:-14}

tables
"$cli" dataset build --out=data --cropped train.csv
"$cli" dataset build --out=data-test --cropped test.csv
"$cli" dataset build --out=data-video video.csv

# Pre-training sees the training part alone.
pictures_of train pretraining
pretrain crfrp crfr-p "$pre" 2 1
finetune swapped --init=crfrp/online.safetensors "$fine" 1 --licence=Apache-2.0 --title="Semblance tiny"

# Into a library of its own, beside which the model that comes with the program, of the same name, is not seen; then
# calibrated and measured.
export XDG_DATA_HOME=$PWD/library XDG_CONFIG_HOME=$PWD/configuration SEMBLANCE_MODELS=$PWD/none
"$cli" model import swapped/detector.safetensors --name=semblance-tiny --title="Semblance tiny" --licence=Apache-2.0 \
  --mim=crfrp/online.safetensors --half
"$cli" calibrate data --model=semblance-tiny --self-blended=swapped --part=val
for part in "data --self-blended=swapped" data-test data-video; do
  # shellcheck disable=SC2086
  "$cli" evaluate $part --model=semblance-tiny --card
  # shellcheck disable=SC2086
  "$cli" evaluate $part --model=semblance-tiny --card --reencode=160,75
done

# The statistics of genuine faces are of people the network did not learn from.
pictures_of val held
"$cli" reference build held --model=semblance-tiny --out=library/semblance/models/semblance-tiny/reference.json
