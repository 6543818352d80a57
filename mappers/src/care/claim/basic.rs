//! 基本情報 (01): the person, the level of care, the stay, who pays; and 集計情報 (10).

use compact_str::{CompactString, format_compact};
use musubi_model::{CodeSystem, Coded, FactTable};
use rust_decimal::Decimal;

use super::check::Service;
use super::layout::Key;
use super::map::{Fields, Reader};
use crate::care::rules;

impl Reader<'_> {
    /// Birth date and sex, and the person's fact.
    pub(super) fn person(&mut self, fields: &Fields<'_, '_>) {
        self.work.birth(&fields.cells, fields.at(Key::Birth, "生年月日"));
        self.work.sex(&fields.cells, fields.at(Key::Sex, "性別"));
        self.work.not_before_birth(self.care, "提供年月");
        self.work.person_fact();
    }

    /// Level and term of the certificate; for a plan the term and units of the limit.
    pub(super) fn need(&mut self, fields: &Fields<'_, '_>, status: &'static str) {
        let cells = &fields.cells;
        let level = self.work.level(cells, fields.at(Key::Level, "要介護状態区分"));
        let (start, end) =
            self.work.term(cells, fields.at(Key::From, "有効期間開始"), fields.at(Key::To, "有効期間終了"));
        self.work.not_before_birth(start, "有効期間開始");
        let limit = self.work.number(cells, fields.at(Key::Limit, "支給限度基準額"));
        if level.is_none() && start.is_none() && limit.is_none() {
            return;
        }
        let mut fact = self.work.fact(FactTable::CareNeed, start);
        (fact.end, fact.source, fact.quantity) = (end, level, limit);
        fact.status = CompactString::const_new(status);
        self.work.facts.push(fact);
    }

    /// Cover by one payer. `law`: `CARE`, or the law number of a public payer.
    pub(super) fn cover(&mut self, group: &'static str, law: &str, rate: Option<Decimal>) {
        let mut fact = self.work.fact(FactTable::PayerPlanPeriod, self.care);
        fact.source = Some(Coded::new(CodeSystem::Payer, law));
        fact.group = CompactString::const_new(group);
        if let Some(rate) = rate {
            fact.value.text = format_compact!("{rate}");
            fact.value.number = Some(rate);
            fact.value.unit = CompactString::const_new("%");
        }
        self.work.facts.push(fact);
    }

    pub(super) fn basic(&mut self, fields: &Fields<'_, '_>) {
        let cells = fields.cells;
        self.person(fields);
        self.need(fields, "claim");
        self.stay(fields);
        let rate = self.work.number(&cells, fields.at(Key::Rate, "保険給付率"));
        self.rate_in_range(rate);
        let insured = rate.is_some_and(|r| !r.is_zero());
        if insured {
            self.cover("insurer", "CARE", rate);
        }
        let mut amounts = vec![("insurer", Coded::new(CodeSystem::Payer, "CARE"), Key::Units)];
        for (group, payer, recipient, rate, block) in [
            ("public1", Key::Payer1, Key::Recipient1, Key::Rate1, Key::Public1),
            ("public2", Key::Payer2, Key::Recipient2, Key::Rate2, Key::Public2),
            ("public3", Key::Payer3, Key::Recipient3, Key::Rate3, Key::Public3),
        ] {
            let law = self.work.public_number(&cells, fields.at(payer, "公費負担者番号"), 8);
            self.work.public_number(&cells, fields.at(recipient, "公費受給者番号"), 7);
            if let Some(law) = law {
                let rate = self.work.number(&cells, fields.at(rate, "公費給付率"));
                self.rate_in_range(rate);
                self.cover(group, &law, rate);
                amounts.push((group, Coded::new(CodeSystem::Payer, &law), block));
            }
        }
        let mut units = None;
        for (group, source, block) in amounts {
            for (offset, kind, name) in [
                (0, ("units", "単位"), "単位数"),
                (1, ("claim", "円"), "請求額"),
                (2, ("burden", "円"), "利用者負担額"),
                (3, ("emergency", "円"), "緊急時施設療養費請求額"),
                (4, ("special", "円"), "特定診療費請求額"),
                (5, ("stay", "円"), "特定入所者請求額"),
            ] {
                let amount = self.work.number(&cells, fields.behind(block, offset, name));
                // The units of the insurer are always told, other amounts when there are any.
                if offset == 0 && group == "insurer" {
                    units = amount;
                } else if amount.is_none_or(|a| a.is_zero()) && offset > 2 {
                    continue;
                }
                self.work.cost(source.clone(), kind, group, self.care, amount);
            }
        }
        self.sums.basic(units, rate, &self.work);
    }

    fn rate_in_range(&mut self, rate: Option<Decimal>) {
        if rate.is_some_and(|r| r < Decimal::ZERO || r > Decimal::ONE_HUNDRED) {
            self.work.say(&rules::RANGE, "給付率", "100を超える率".to_owned(), "0〜100");
        }
    }

    /// A stay in a facility, or the time a service at home was used.
    fn stay(&mut self, fields: &Fields<'_, '_>) {
        let cells = &fields.cells;
        let (admitted, discharged) = self.work.term(
            cells,
            fields.at(Key::Admitted, "入所年月日"),
            fields.at(Key::Discharged, "退所年月日"),
        );
        let (begun, stopped) =
            self.work.term(cells, fields.at(Key::Begun, "開始年月日"), fields.at(Key::Stopped, "中止年月日"));
        let days = self.work.count(cells, fields.at(Key::Days, "入所実日数"));
        let leave = self.work.count(cells, fields.at(Key::Leave, "外泊日数"));
        let after = self.work.code(cells, fields.at(Key::After, "退所後の状態"), 2);
        let reason = self.work.code(cells, fields.at(Key::Reason, "中止理由"), 2);
        self.days_in_month(days, "入所実日数");
        self.work.not_before_birth(admitted, "入所年月日");
        self.work.not_before_birth(begun, "開始年月日");
        if admitted.is_some() || discharged.is_some() {
            let mut fact = self.work.fact(FactTable::VisitOccurrence, admitted);
            (fact.end, fact.times, fact.status) = (discharged, days, after);
            if let Some(leave) = leave.filter(|n| *n > 0) {
                fact.qualifiers = format_compact!("leave={leave}");
            }
            fact.group = CompactString::const_new("stay");
            self.work.facts.push(fact);
        }
        if begun.is_some() || stopped.is_some() {
            let mut fact = self.work.fact(FactTable::VisitOccurrence, begun);
            (fact.end, fact.status) = (stopped, reason);
            fact.group = CompactString::const_new("home");
            self.work.facts.push(fact);
        }
    }

    fn days_in_month(&mut self, days: Option<u32>, field: &str) {
        let Some((days, care)) = days.zip(self.care) else { return };
        let length = u32::from(care.earliest().days_in_month().unsigned_abs());
        if days > length {
            self.work.say(&rules::CLAIM_DAYS, field, format!("{days} 日"), &format!("{length} 日以下"));
        }
    }

    /// 集計情報 (10): units and yen of one kind of service.
    pub(super) fn service_total(&mut self, fields: &Fields<'_, '_>) {
        let cells = &fields.cells;
        let kind = self.work.code(cells, fields.at(Key::Kind, "サービス種類コード"), 2);
        let days = self.work.count(cells, fields.at(Key::Days, "実日数"));
        self.days_in_month(days, "実日数");
        let source = Coded::new(CodeSystem::CareService, &kind);
        let (row, range) = (self.work.row, self.work.range);
        let mut read = |key, name| self.work.number(&fields.cells, fields.at(key, name));
        let service = Service {
            within: read(Key::Within, "限度額管理対象単位数"),
            beyond: read(Key::Beyond, "限度額管理対象外単位数"),
            units: read(Key::Units, "保険単位数合計"),
            price: read(Key::Price, "単位数単価"),
            claim: read(Key::Claim, "請求額"),
            burden: read(Key::Burden, "利用者負担額"),
            kind,
            row,
            range,
            public: false,
        };
        let planned = read(Key::Planned, "計画単位数");
        let mut public = false;
        for (group, block) in
            [("public1", Key::Public1), ("public2", Key::Public2), ("public3", Key::Public3)]
        {
            for (offset, kind, name) in [
                (0, ("units", "単位"), "公費単位数合計"),
                (1, ("claim", "円"), "公費請求額"),
                (2, ("burden", "円"), "公費本人負担額"),
            ] {
                let amount = self.work.number(cells, fields.behind(block, offset, name));
                let amount = amount.filter(|a| !a.is_zero());
                public |= amount.is_some();
                self.work.cost(source.clone(), kind, group, self.care, amount);
            }
        }
        for (kind, amount) in [
            (("planned", "単位"), planned),
            (("units", "単位"), service.units),
            (("claim", "円"), service.claim),
            (("burden", "円"), service.burden),
        ] {
            self.work.cost(source.clone(), kind, "service", self.care, amount);
        }
        self.sums.add_service(Service { public, ..service });
    }
}
