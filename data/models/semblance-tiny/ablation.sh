#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ablation.sh FACES OUT [PRE [FINE [SEEDS [ARMS [KEEP]]]]]: does pre-training with CRFR-P help against random masking, and against none?
# For each seed (1) a network is pre-trained in either way for PRE epochs (26) and all three are fine-tuned for FINE epochs (14), as make.sh
# does it; then each is measured on people held out. ARMS: those of crfr-p, random and none that are wanted. KEEP: the share of its patches
# that a face keeps in an iteration of fine-tuning (1). What is finished is kept: begun again, it goes on where it was stopped. The results
# stand in OUT/ablation.csv. About three hours a seed on two cores with AMX.
# FACES and SEMBLANCE_CLI: see make.sh.
set -euo pipefail
# shellcheck source=steps.sh
. "$(dirname "$(realpath "$0")")/steps.sh"
faces=$(realpath "$1") cli=${SEMBLANCE_CLI:-semblance-cli}
mkdir -p "$2" && cd "$2"
pre=${3:-26} fine=${4:-14} seeds=${5:-1} arms=${6:-crfr-p random none} keep=${7:-1}

[[ -e data/dataset.json ]] || { tables; "$cli" dataset build --out=data --cropped train.csv; }
[[ -e pretraining ]] || pictures_of train pretraining

# going_on FOLDER: the option that goes on with a training that was stopped.
going_on () { [[ ! -e $1/metrics.jsonl ]] || echo --resume; }

for seed in $seeds; do
  for arm in $arms; do
    run=$arm-$seed start=--size=tiny
    [[ ! -e $run.json ]] || continue
    if [[ $arm != none ]]; then
      # shellcheck disable=SC2046
      [[ -e $run-mim/online.safetensors ]] || pretrain "$run-mim" "$arm" "$pre" 2 "$seed" $(going_on "$run-mim")
      start=--init=$run-mim/online.safetensors
    fi
    # shellcheck disable=SC2046
    [[ -e $run/detector.safetensors ]] || finetune "$run" "$start" "$fine" "$seed" --keep-patches="$keep" $(going_on "$run")
    "$cli" evaluate data --model="$run/detector.safetensors" --self-blended=swapped --json >"$run.part"
    mv "$run.part" "$run.json"
  done
done
python3 - "$pre" "$fine" <<'PY'
import csv, glob, json, statistics, sys
rows = {}
for file in sorted(glob.glob("*-[0-9]*.json")):
    arm, seed = file[:-5].rsplit("-", 1)
    auc = json.load(open(file))["frame"]["auc"]
    rows.setdefault(arm, []).append((int(seed), auc["value"], auc["low"], auc["high"]))
with open("ablation.csv", "w", newline="") as out:
    table = csv.writer(out)
    table.writerow(["pretraining", "epochs", "finetuning epochs", "seed", "auc", "low", "high"])
    for arm, runs in rows.items():
        for run in runs:
            table.writerow([arm, 0 if arm == "none" else sys.argv[1], sys.argv[2], *run])
        values = [run[1] for run in runs]
        print(f"{arm}: AUC {statistics.mean(values):.3f}, {min(values):.3f} to {max(values):.3f}, {len(values)} seeds")
PY
