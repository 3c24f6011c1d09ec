#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make.sh FACES OUT: makes these weights again with semblance-cli, which it finds on the path or in SEMBLANCE_CLI.
# FACES holds train/, test/ and video/, each with the manifest.csv it came with; everything made goes to OUT. The
# commands, seeds and data are those the card names, gathered here afterwards: they were run one by one, not as this
# file, and with the sentences on provenance and limits that the card holds. Under two hours on two cores with
# AVX-512 BF16.
set -euo pipefail
faces=$(realpath "$1") cli=${SEMBLANCE_CLI:-semblance-cli}
mkdir -p "$2" && cd "$2"

# Tables of labels, as “dataset build” takes them. test/ and video/ are only ever measured on.
python3 - "$faces" <<'PY'
import csv, os, sys
faces = sys.argv[1]
forged = {"test": "synthetic", "video": "swapped"}
for part in ("train", "test", "video"):
    with open(os.path.join(faces, part, "manifest.csv"), newline="") as source, open(part + ".csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["file", "label", "identity", "source", "origin", "split"])
        for row in csv.DictReader(source):
            genuine = row["label"] == "real"
            table.writerow([os.path.join(faces, part, row["file"]), "genuine" if genuine else forged[part],
                            row.get("identity", "") if part == "train" else "", "",
                            row.get("generator") or (row["source_repo"] if part == "train" else "genuine"),
                            "" if part == "train" else "test"])
PY
"$cli" dataset build --out=data --cropped train.csv
"$cli" dataset build --out=data-test --cropped test.csv
"$cli" dataset build --out=data-video video.csv

# pictures_of PART FOLDER: links to the pictures of a part of the data set.
pictures_of () {
  python3 - "$1" "$2" <<'PY'
import json, os, sys
part, folder = sys.argv[1:3]
index = json.load(open("data/index.json"))["faces"]
os.makedirs(folder, exist_ok=True)
for sample in json.load(open("data/dataset.json"))["samples"]:
    if sample["part"] == part:
        file = index[sample["face"]]["file"]
        os.symlink(file, os.path.join(folder, os.path.basename(file)))
PY
}

# Pre-training sees the training part alone.
pictures_of train pretraining
"$cli" pretrain pretraining --cropped --precision=auto --epochs=26 --warmup=2 --blr=0.002 -b 64 -s 1 -o crfrp
"$cli" finetune data --init=crfrp/online.safetensors --self-blended=swapped --degrade=medium --cross=0.3 --ease=1 \
  --weight-patches=1 --layer-decay=0.9 --blr=0.001 --warmup=1 --clip=1 --erasing=0 --smoothing=0.05 --zoom=0.2 \
  --epochs=14 -b 64 -s 1 --precision=auto --licence=Apache-2.0 --title="Semblance tiny" -o swapped

# Into a library of its own; then calibrated and measured.
export XDG_DATA_HOME=$PWD/library XDG_CONFIG_HOME=$PWD/configuration
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
