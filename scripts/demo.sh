#!/usr/bin/env bash
# The main job, end to end, on a synthetic region in the real formats. Every step is a command that works on its own;
# each is shown before it runs. Running it again starts over in the same folder.
set -euo pipefail
cd "$(dirname "$0")/.."

built="${CARGO_TARGET_DIR:-target}/release"
musubi="$built/musubi"
run="${MUSUBI_DEMO:-demo-run}"
persons="${MUSUBI_DEMO_PERSONS:-20000}"
data="$run/data"
region="$run/region"

step() { printf '\n\033[1m── %s\033[0m\n' "$*"; }
show() { printf '\033[2m$ musubi %s\033[0m\n' "$*"; "$musubi" --data "$data" "$@"; }
# Exit code 3 says that something needs a person's eye; the demo brings such things on purpose.
look() { show "$@" || [ $? -eq 3 ]; }
# What must be refused is shown to be refused, with the code it ends with.
refused() { local code="$1"; shift; show "$@" || [ $? -eq "$code" ]; }
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" | sed -n 1p; }

rm -rf "$run"
mkdir -p "$run"

step "1. 合成地域を作る($persons 人、3夜): 設立計画のすべての書式、署名付き、通知台帳、組織。正解は truth/ に別置き"
# The last night is today's; 20 people were told too late, 5 were never told.
show synth --persons "$persons" --seed 1 --nights 3 --first-night "$(date -d '2 days ago' +%F)" \
  --waiting 20 --unnotified 5 --out "$region"

step "2. 組織・アカウントを登録し、仕事ごとに指示を出す(指示のない仕事は始まらない)"
refused 2 feeds "$region/feeds.toml"
show organisation load "$region/organisation.toml"
show instruction give --job release --job erasure --job held-load --to mihon-contractor --until 2099-03-31 --reason "実演"

step "3. 取り決め(提出者・医療機関・フィード)、主務大臣への届出、マスタを登録する"
show feeds "$region/feeds.toml"
show notice filings "$region/filings.toml"
show masters load "$region/masters"

step "4. 提出者は、送る前に同じ点検を手元でできる(データベース不要)"
dental=$(find "$region/inbox" -maxdepth 2 -type d -name "receipt-dental" | sed -n 1p)
show precheck "$dental"

step "5. 通知台帳を受け取り、第1夜を受け入れる。通知のない人・待機期間中の人の分は封をして保留される"
show notice load "$region/ledgers"
look nightly --inbox "$region/inbox/night-01"
show notice held
show notice reconcile | sed -n 1,8p

step "6. 停止の求め(オプトアウト)を登録する。その時から受入れと提供から除かれる"
look optout load "$region/optout/optout.csv"

step "7. 第2夜: 訂正・削除、壊れたファイル、停止の求めのある人"
look nightly --inbox "$region/inbox/night-02"

step "8. 第3夜: 追加分と、同じ提出物の再送"
look nightly --inbox "$region/inbox/night-03"

step "9. 一つの事実を、元のバイトまでたどる"
show trace any

step "10. 集計表を申し出て、承認し、作成し、検証する"
request=$("$musubi" --data "$data" --json request new "$region/requests/persons-by-diagnosis.toml" --by "申出者" | field request)
show board approve "$request" --approver board-01 --json | tee "$run/approval.json"
approval=$(field approval < "$run/approval.json")
show release build "$approval" --out "$run/releases"
package=$(ls -d "$run"/releases/R-* | sed -n 1p)
show --actor checker-01 release verify "$package"
printf '\n'
sed -n 1,12p "$package/table.csv"

step "11. 一つの提出を、事実と提供物まで順にたどる"
first=$("$musubi" --data "$data" submission | sed -n 's/^\([0-9a-f]\{32\}\).*/\1/p' | sed -n 1p)
show trace --submission "$first"

step "12. 停止を求めた人の分を消す: 一人が確認し、別の人が実施し、三人目が残っていないことを確かめ、証明書を出す"
erasure=$("$musubi" --data "$data" --json erasure plan --opt-outs | field erasure)
show --actor eraser-01 erasure confirm "$erasure"
show --actor eraser-02 erasure run "$erasure"
show --actor confirmer-01 erasure verify "$erasure"
show erasure certificate "$erasure" --out "$run/erasure.json"

step "13. 帳簿: 受領を確認し、今月の帳簿と年次報告を出す"
mapfile -t received < <("$musubi" --data "$data" book receipts --unconfirmed | grep -o '^[0-9a-f]\{32\}' | sort -u)
look book confirm "${received[@]}"
show book export --month "$(date +%Y-%m)" --out "$run/book"
show yearly --year "$(date +%Y)" --out "$run/yearly"

step "14. 証跡に署名し、立会人が別に署名し、外の検証プログラムで確かめる。一字でも変わればその記録を名指しする"
show audit checkpoint --out "$run/checkpoint.txt"
show audit witness "$run/checkpoint.txt" --key "$run/notary.key" --house "$data/keys/house.pub" --name notary-1
show audit accept "$run/checkpoint.txt" --witness "$run/notary.pub"
show audit export --out "$run/log.tsv"
"$built/musubi-audit-verify" "$run/log.tsv" --key "$data/keys/house.pub" --checkpoint "$run/checkpoint.txt" \
  --witness "$run/notary.pub"
sed '0,/\tload\t/s//\tloaD\t/' "$run/log.tsv" > "$run/log-changed.tsv"
"$built/musubi-audit-verify" "$run/log-changed.tsv" --key "$data/keys/house.pub" || [ $? -eq 4 ]

step "15. 提出者への受領通知一式(署名付き)を検証する。計画の73項目が何になるかを見る"
ack=$(find "$data/outbox" -mindepth 2 -maxdepth 2 -type d | sort | sed -n 1p)
show ack verify "$ack" --key "$data/keys/house.pub"
"$musubi" formats --coverage | sed -n '/^| class/,/^$/p'

step "16. 全体の点検: 証跡・原本・レイク、そして法の92項目"
show check
refused 4 check --act > "$run/checks.txt" || true
tail -n 3 "$run/checks.txt"
show report --out "$run/report.html"

step "できたもの"
cat <<EOT
  報告書(ブラウザで開く)   $run/report.html
  法の点検 92 項目          $run/checks.txt
  提供物                    $package
  削除証明書                $run/erasure.html   (署名付きの原本は erasure.json)
  帳簿・年次報告・公表      $run/book  $run/yearly
  データ                    $data   (原本 vault/ は暗号化、事実 lake/ は Parquet、台帳 postgres/)
  合成地域と正解            $region  (truth/)

さらに見るには:
  $musubi --data $data submission              提出の一覧
  $musubi --data $data submission <番号>       突合と指摘
  $musubi --data $data trace --submission <番号>   提出から事実・提供へ
  $musubi --data $data check show C-001        法の点検の一つ
  $musubi --data $data organisation matrix     どの役割が何をしてよいか
  $musubi --data $data person queue            名寄せの確認待ち(説明・裁定・取消しは README の「だれがだれか」)
EOT
