# SPDX-License-Identifier: Apache-2.0
# The steps that make.sh, ablation.sh and three.sh share; they set $cli and $faces and stand in the folder of what is made.

# Tables of labels, as “dataset build” takes them. test/ and video/ are only ever measured on.
tables () {
  python3 - "$faces" <<'PY'
import csv, os, sys
faces = sys.argv[1]
forged = {"test": "synthetic", "train_synthetic": "synthetic", "video": "swapped"}
for part in ("train", "train_synthetic", "test", "video"):
    with open(os.path.join(faces, part, "manifest.csv"), newline="") as source, open(part + ".csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["file", "label", "identity", "source", "origin", "split"])
        for row in csv.DictReader(source):
            genuine = row["label"] == "real"
            table.writerow([os.path.join(faces, part, row["file"]), "genuine" if genuine else forged[part],
                            row.get("identity", "") if part == "train" else "", "",
                            row.get("generator") or (row["source_repo"] if part == "train" else "genuine"),
                            "" if part.startswith("train") else "test"])
PY
}

# together OUT.csv FOLDER TABLE [FOLDER TABLE]…: the tables as one, every picture in the part that its data set dealt it to.
together () {
  python3 - "$@" <<'PY'
import csv, json, os, sys
with open(sys.argv[1], "w", newline="") as out:
    table = csv.writer(out)
    for folder, name in zip(sys.argv[2::2], sys.argv[3::2]):
        index = json.load(open(os.path.join(folder, "index.json")))["faces"]
        parts = {index[s["face"]]["file"]: s["part"] for s in json.load(open(os.path.join(folder, "dataset.json")))["samples"]}
        with open(name, newline="") as source:
            head, *rows = csv.reader(source)
        if folder == sys.argv[2]:
            table.writerow(head)
        table.writerows([*row[:-1], parts[row[0]]] for row in rows)
PY
}

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

# pretrain OUT STRATEGY EPOCHS WARMUP SEED, on the pictures in pretraining/: the training part alone.
pretrain () {
  "$cli" pretrain pretraining --cropped --cache=pretraining-faces --mask-strategy="$2" --precision=auto --epochs="$3" --warmup="$4" \
    --blr=0.002 -b 64 -s "$5" -o "$1" "${@:6}"
}

# finetune OUT START EPOCHS SEED: START is --init=FILE, or --size=tiny for none.
finetune () {
  "$cli" finetune data "$2" --self-blended=swapped --degrade=medium --cross=0.3 --ease=1 --weight-patches=1 \
    --layer-decay=0.9 --blr=0.001 --warmup=1 --clip=1 --erasing=0 --smoothing=0.05 --zoom=0.2 --epochs="$3" -b 64 -s "$4" \
    --precision=auto -o "$1" "${@:5}"
}
