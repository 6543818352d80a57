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
show check program vouch
show register load "$region/registers/registers.toml"
evidence() { show check evidence add "$1" "$2" --file "$region/evidence/$3.toml" --until 2099-03-31; }
evidence authentication 2026-11 authentication
evidence certificate ninteisho certificate
evidence certificate isms isms
evidence key-rotation house-key key-rotation
for zone in Z1 Z2 Z3 Z4 Z5; do evidence egress-probe "$zone" "egress-$zone"; done
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

step "10. 開示制御方針を採択する: しきい値・階層・攻撃者の知識はデータであり、委員会が署名する"
show policy adopt --by board-01 --preset anonymized-default --preset pseudonymized-default --preset statistics-default
from=$(date -d '400 days ago' +%F)
today=$(date +%F)

# by ACCOUNT VERB...: quietly, as somebody; what many people do in turn is not worth a line each.
by() { local who="$1"; shift; "$musubi" --data "$data" --json --actor "$who" "$@"; }

# apply ACCOUNT SPEC-FILE PRODUCT TITLE: an application with every field and a reason for every item; sets $application.
apply() {
  local document="$run/application.toml" item
  { printf "spec = '''\n"; cat "$2"; printf "'''\n"; sed -n '/^\[fields\]/,/^$/p' "$region/committee/application.toml" | sed "s/^data-class = .*/data-class = \"$3\"/; s/^title = .*/title = \"$4\"/"; } > "$document"
  application=$(by "$1" application new "$document" | field application)
  for item in $(by "$1" application show "$application" | sed -n '/"asked_items"/,/\]/p' | sed 1d | grep -o '"[^"]*"'); do
    printf '\n[[items]]\nitem = %s\nnecessity = "解析に必要"\n' "$item"
  done >> "$document"
  by "$1" application save "$application" "$document" > /dev/null
  show --actor "$1" application submit "$application"
  by secretary-01 application take "$application" > /dev/null
  show --actor secretary-01 application accept "$application"
}

# decide APPLICATION: declarations, the ballot, and the board's key on what was decided; sets $approval.
decide() {
  local ballot request member
  ballot=$(by secretary-01 committee ballot open "$1" --meeting "$meeting" | field ballot)
  printf 'vote = "approve"\nreason = "必要最小限であり、意義がある"\n' > "$run/vote.toml"
  for member in 02 03 04 05 06 07; do
    by "member-$member" committee declare "$1" --conflict no > /dev/null
    by "member-$member" committee ballot vote "$ballot" "$run/vote.toml" > /dev/null
  done
  show --actor secretary-01 committee ballot close "$ballot"
  request=$(by secretary-01 application show "$1" | field request)
  approval=$(by board-01 board approve "$request" --approver board-01 | field approval)
}

# build_it: builds what $approval allows and has another account verify it; sets $package and $release.
build_it() {
  show release build "$approval" --out "$run/releases"
  package=$("$musubi" --data "$data" --json release build "$approval" --out "$run/releases" | field folder)
  release=$(basename "$package")
  show --actor checker-01 release verify "$package" --record
}
check_again() {
  "$built/musubi-release-check" "$package" --board-key "$(cat "$data/keys/board.pub")" --release-key "$(cat "$data/keys/release.pub")"
}

step "10a. 利用の申出: 統計2件、匿名加工、仮名加工、自治体の政策評価。出す前に、何人残るかを幅で試算する"
show --actor secretary-01 committee member load "$region/committee/members.toml"
show request template s5-drug-recipients --from "$from" --to "$today" --recipient-id mihon-university \
  --recipient "見本大学 公衆衛生学教室" --out "$run/request-statistics.toml"
show request template diabetes-anonymized --from "$from" --to "$today" --recipient-id mihon-university \
  --recipient "見本大学 公衆衛生学教室" --out "$run/request-anonymized.toml"
show request template diabetes-pseudonymized --from "$from" --to "$today" --recipient-id mihon-pharma \
  --recipient "見本製薬" --out "$run/request-pseudonymized.toml"
show release dry-run "$run/request-anonymized.toml"
apply applicant-01 "$region/requests/persons-by-diagnosis.toml" statistics "傷病別の受療者数"; nested_application="$application"
apply applicant-01 "$run/request-statistics.toml" statistics "医薬品別の受療者数の地域差"; statistics_application="$application"
apply applicant-01 "$run/request-anonymized.toml" anonymized "糖尿病の人の経過"; anonymized_application="$application"
apply applicant-02 "$run/request-pseudonymized.toml" pseudonymized "糖尿病治療薬の市販後の実態"; pseudonymized_application="$application"
# The municipality asks at its table desk: a draft is made, it adds what only it can say, and hands it in.
city_application=$(by city-01 desk ask med-hypertension --from "$from" --to "$today" | field application)
{ echo '[fields]'; sed -n '/^\[fields\]/,/^$/p' "$region/committee/application.toml" |
  grep -E '^(unit|contact|team|funding|coi|groups|ethics-status|persons|foreign|environment|security|risk|publication|rights|until|destruction|price) '; } \
  > "$run/city-fields.toml"
by city-01 application save "$city_application" "$run/city-fields.toml" --keep > /dev/null
show --actor city-01 application submit "$city_application"
by secretary-01 application take "$city_application" > /dev/null
show --actor secretary-01 application accept "$city_application"

step "10b. 審査委員会: 申出者と同じ大学の委員は外れ、残りで定足数を数える。投票は締切まで誰にも見えない"
meeting=$(by secretary-01 committee meeting new --on "$today" --place "見本会議室" | field meeting)
show --actor secretary-01 committee meeting put "$meeting" "$nested_application" "$statistics_application" \
  "$anonymized_application" "$pseudonymized_application" "$city_application"
show --actor secretary-01 committee meeting attend "$meeting" member-01 member-02 member-03 member-04 member-05 member-06 member-07
show --actor secretary-01 committee recusals "$statistics_application"

step "10c. 集計表: 傷病 × 都道府県 × 性 × 年齢。10人未満は差し引きでも分からない"
decide "$nested_application"; build_it; nested="$package"
sed -n 1,8p "$nested/table.csv"

step "10d. 統計情報: 地域別・性年代別・医薬品別受療者数(計画の5つの統計の一つ)。独立検査は線形計画で攻撃してみる"
decide "$statistics_application"; build_it; check_again; statistics="$package"; statistics_release="$release"
sed -n 1,8p "$statistics/drug-recipients.csv"

step "10e. 匿名加工医療情報: 糖尿病の人の経過"
decide "$anonymized_application"; build_it; check_again; anonymized="$package"
sed -n 1,6p "$anonymized/person.csv"

step "10f. 仮名加工医療情報: 同じ人々。鍵は二人で開ける金庫に、日付は個人ごとにずらす"
decide "$pseudonymized_application"; build_it; check_again; pseudonymized="$package"
sed -n 1,6p "$pseudonymized/condition_occurrence.csv"

step "10g. 自治体の政策評価: 高血圧で受診した人。見本市の統計窓口(画面)に表と地図が出る"
decide "$city_application"; build_it; check_again; city_release="$release"
show --actor secretary-01 committee minutes "$meeting" | sed -n 1,20p

step "10h. 出力確認と引渡し: 作った人でも承認した人でもない二人が互いに見えないまま確かめ、二人が鍵をかけてから渡す"
hand_over() { # hand_over RELEASE RECIPIENT
  local name hash
  by checker-01 output result "$1" | sed -n '/"files"/,/\]/p' | sed 1d | grep -o '"[^"]*"' | while read -r name; do
    printf '[[file]]\nname = %s\nverdict = "approve"\ncomment = "小さい数がないことを確かめた"\n' "$name"
  done > "$run/ballot.toml"
  show --actor checker-01 output vote "$1" "$run/ballot.toml"
  show --actor checker-02 output vote "$1" "$run/ballot.toml"
  hash=$(by checker-01 output result "$1" | field manifest_hash)
  show --actor release-approver-01 release key "$1" --manifest "$hash"
  show --actor release-approver-02 release key "$1" --manifest "$hash"
  show --actor release-approver-01 release handover "$1" --to "$2" --channel download --line L-0001
}
hand_over "$statistics_release" mihon-university
hand_over "$city_release" mihon-city
show --actor city-01 desk table med-hypertension | sed -n 1,12p
show --actor applicant-01 package list
show --actor applicant-01 package fetch "$statistics_release" --out "$run/fetched.zip"
show --actor applicant-01 package acknowledge "$statistics_release" \
  --manifest "$(by applicant-01 package show "$statistics_release" | field manifest_hash)"

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
refused 4 check --act > "$run/checks.txt"
tail -n 3 "$run/checks.txt"
show report --out "$run/report.html"

step "17. 画面: 役割ごとの実演用アカウントを発行する(二人が許した環境だけ。パスワードと認証アプリの番号は一度だけ表示される)"
allowed=$("$musubi" --data "$data" --json --actor security-01 parameter propose login.issue_allowed --value 1 \
  --from "$(TZ=Asia/Tokyo date +%F)" --basis "実演" --reason "実演用アカウントの発行" | grep -o '[0-9]\+' | sed -n 1p)
show --actor officer-02 parameter approve "$allowed" --reason "実演用アカウントの発行"
accounts=(submitter-01 city-01 applicant-01 applicant-02 member-01 member-02 member-03 member-04 member-05 member-06
  secretary-01 checker-01 checker-02 release-approver-01 release-approver-02 officer-01 officer-02 desk-01 desk-02
  linker-01 linker-02 operator-01 curator-01 security-01 security-02 auditor-01)
(umask 077; show --actor security-02 account issue "${accounts[@]}" --keep | tee "$run/accounts.txt")

step "できたもの"
cat <<EOT
  報告書(ブラウザで開く)   $run/report.html
  法の点検 92 項目          $run/checks.txt
  統計情報                  $statistics   (説明 README.txt、リスク報告 risk.html)
  匿名加工医療情報          $anonymized   (risk.html をブラウザで)
  仮名加工医療情報          $pseudonymized
  入れ子の集計表            $nested
  削除証明書                $run/erasure.html   (署名付きの原本は erasure.json)
  帳簿・年次報告・公表      $run/book  $run/yearly
  データ                    $data   (原本 vault/ は暗号化、事実 lake/ は Parquet、台帳 postgres/)
  合成地域と正解            $region  (truth/)

画面で続けるには(この端末で動かし、ブラウザで http://127.0.0.1:8080/ を開く。終了は Ctrl-C):
  make serve
  アカウントとパスワードは $run/accounts.txt。6桁の確認コードは認証アプリか、次の命令で:
  $musubi account code <確認コードの鍵>

さらに見るには:
  $musubi --data $data submission              提出の一覧
  $musubi --data $data submission <番号>       突合と指摘
  $musubi --data $data trace --submission <番号>   提出から事実・提供へ
  $musubi --data $data check show C-001        法の点検の一つ
  $musubi --data $data organisation matrix     どの役割が何をしてよいか
  $musubi --data $data person queue            名寄せの確認待ち(説明・裁定・取消しは README の「だれがだれか」)
EOT
