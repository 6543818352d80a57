#!/usr/bin/env bash
# The main job, end to end, on a synthetic region in the real formats. Every step is a command that works on its own;
# each is shown before it runs. Running it again starts over in the same folder.
set -euo pipefail
cd "$(dirname "$0")/.."

musubi="${CARGO_TARGET_DIR:-target}/release/musubi"
run="${MUSUBI_DEMO:-demo-run}"
persons="${MUSUBI_DEMO_PERSONS:-20000}"
data="$run/data"
region="$run/region"

step() { printf '\n\033[1m── %s\033[0m\n' "$*"; }
show() { printf '\033[2m$ musubi %s\033[0m\n' "$*"; "$musubi" --data "$data" "$@"; }
# Exit code 3 says that something needs a person's eye; the demo brings such things on purpose.
look() { show "$@" || [ $? -eq 3 ]; }
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" | head -n 1; }

rm -rf "$run"
mkdir -p "$run"

step "1. 合成地域を作る($persons 人、3夜): 設立計画のすべての書式、署名付き、正解は truth/ に別置き"
# Ten days back, so that the opt-outs of the second night are in force today.
show synth --persons "$persons" --seed 1 --nights 3 --first-night "$(date -d '10 days ago' +%F)" --out "$region"

step "2. 取り決め(提出者・医療機関・フィード)とマスタを登録する"
show feeds "$region/feeds.toml"
show masters load "$region/masters"

step "3. 提出者は、送る前に同じ点検を手元でできる(データベース不要)"
dental=$(find "$region/inbox" -maxdepth 2 -type d -name "receipt-dental" | head -n 1)
show precheck "$dental"

step "4. 第1夜: レセプトと SS-MIX2 の初回分、健診・介護・調剤などを受け入れる"
look nightly --inbox "$region/inbox/night-01"

step "5. 停止の求め(オプトアウト)を登録する。以後の受入れと提供から除かれる"
look optout load "$region/optout/optout.csv"

step "6. 第2夜: 訂正・削除、壊れたファイル、停止の求めのある人"
look nightly --inbox "$region/inbox/night-02"

step "7. 第3夜: 追加分と、同じ提出物の再送"
look nightly --inbox "$region/inbox/night-03"

step "8. 一つの事実を、元のバイトまでたどる"
show trace any

step "9. 集計表を申し出て、承認し、作成し、検証する"
request=$("$musubi" --data "$data" --json request new "$region/requests/persons-by-diagnosis.toml" --by "申出者" | field request)
show board approve "$request" --approver "審査委員会" --json | tee "$run/approval.json"
approval=$(field approval < "$run/approval.json")
show release build "$approval" --out "$run/releases"
package=$(ls -d "$run"/releases/R-* | head -n 1)
show release verify "$package"
printf '\n'
head -n 12 "$package/table.csv"

step "10. 一つの提出を、事実と提供物まで順にたどる"
first=$("$musubi" --data "$data" submission | sed -n 's/^\([0-9a-f]\{32\}\).*/\1/p' | head -n 1)
show trace --submission "$first"

step "11. 提出者への受領通知一式(署名付き)を検証する。計画の73項目が何になるかを見る"
ack=$(find "$data/outbox" -mindepth 2 -maxdepth 2 -type d | sort | head -n 1)
show ack verify "$ack" --key "$data/keys/house.pub"
"$musubi" formats --coverage | sed -n '/^| class/,/^$/p'

step "12. 全体の点検(証跡・原本・レイク)と報告書"
show check
show report --out "$run/report.html"

step "できたもの"
cat <<EOT
  報告書(ブラウザで開く)   $run/report.html
  提供物                    $package
  データ                    $data   (原本 vault/ は暗号化、事実 lake/ は Parquet、台帳 postgres/)
  合成地域と正解            $region  (truth/)

さらに見るには:
  $musubi --data $data submission              提出の一覧
  $musubi --data $data submission <番号>       突合と指摘
  $musubi --data $data trace --submission <番号>   提出から事実・提供へ
  $musubi --data $data findings                指摘の一覧表
  $musubi --data $data person queue            名寄せの確認待ち(説明・裁定・取消しは README の「だれがだれか」)
EOT
