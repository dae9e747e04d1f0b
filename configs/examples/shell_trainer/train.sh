#!/bin/sh
# Learning vector quantisation (one prototype per digit) in awk: a complete trainer for Assay in a shell script.
set -eu
# shellcheck source=/dev/null
. "$ASSAY_SH"   # $training_lr, $model_distance, $fidelity_epochs, $split_train_rows, $split_train_items, ...

# pick ROWS_FILE ITEMS: the wanted lines of the data file
pick() {
  rows=$1
  shift
  gunzip -c "$@" | awk 'NR == FNR { if ($0 !~ /^#/) wanted[$1]; next } (FNR - 1) in wanted' "$rows" -
}

# shellcheck disable=SC2154,SC2086
{
  pick "$split_train_rows" $split_train_items > train.csv
  pick "$split_valid_rows" $split_valid_items > valid.csv
  awk -F, -v lr="$training_lr" -v distance="$model_distance" -v epochs="$fidelity_epochs" -v seed="$ASSAY_SEED" \
    -v metrics="$ASSAY_METRICS" '
    function nearest(i,    k, p, d, sum, best, least) {
      least = -1
      for (k = 0; k < 10; k++) {
        sum = 0
        for (p = 0; p < 16 && (least < 0 || sum < least); p++) { d = x[i, p] - w[k, p]; sum += distance == "l2" ? d * d : (d < 0 ? -d : d) }
        if (least < 0 || sum < least) { least = sum; best = k }
      }
      return best
    }
    {
      for (p = 0; p < 16; p++) {   # means of 2x2 pixels
        at = 16 * int(p / 4) + 2 * (p % 4) + 1
        x[NR, p] = ($at + $(at + 1) + $(at + 8) + $(at + 9)) / 4
      }
      label[NR] = $65
      if (FILENAME == "train.csv") trained = NR
    }
    END {
      srand(seed)
      for (i = 1; i <= trained; i++) { order[i] = i; n[label[i]]++; for (p = 0; p < 16; p++) w[label[i], p] += x[i, p] }
      for (k = 0; k < 10; k++) for (p = 0; p < 16; p++) w[k, p] /= n[k]
      for (e = 1; e <= epochs; e++) {
        step = lr * (1 - (e - 1) / epochs)
        for (i = trained; i > 1; i--) { j = 1 + int(rand() * i); t = order[i]; order[i] = order[j]; order[j] = t }
        for (i = 1; i <= trained; i++) {
          k = nearest(order[i])
          pull = k == label[order[i]] ? step : -step
          for (p = 0; p < 16; p++) w[k, p] += pull * (x[order[i], p] - w[k, p])
        }
        right = 0
        for (i = trained + 1; i <= NR; i++) right += nearest(i) == label[i]
        accuracy = right / (NR - trained)
        printf "{\"step\": %d, \"accuracy\": %.6f}\n", e, accuracy >> metrics
        fflush(metrics)
      }
      printf "{\"final\": true, \"accuracy\": %.6f}\n", accuracy >> metrics
    }' train.csv valid.csv
}
rm -f train.csv valid.csv
