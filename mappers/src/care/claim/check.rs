//! The sums of a claim (formats.md §4.1): lines against services, services against the claim, yen against units.
//! Differences are told as differences; nothing is mended.

use compact_str::CompactString;
use musubi_model::{ByteRange, Finding, Rule};
use rust_decimal::Decimal;

use crate::care::rules;
use crate::care::work::Work;

/// 集計情報 of one kind of service.
#[derive(Debug)]
pub(super) struct Service {
    pub kind: CompactString,
    pub within: Option<Decimal>,
    pub beyond: Option<Decimal>,
    pub units: Option<Decimal>,
    /// Yen for a hundred units.
    pub price: Option<Decimal>,
    pub claim: Option<Decimal>,
    pub burden: Option<Decimal>,
    pub row: u32,
    pub range: ByteRange,
    /// A public payer pays a part.
    pub public: bool,
}

#[derive(Debug, Clone, Copy)]
struct Place(u32, ByteRange);

/// What a claim's records add up to.
#[derive(Default)]
pub(super) struct Sums {
    lines: Vec<(CompactString, Decimal)>,
    services: Vec<Service>,
    basic: Option<(Option<Decimal>, Option<Decimal>, Place)>,
    planned: Option<Decimal>,
    plan_total: Option<(Decimal, Place)>,
}

impl Sums {
    pub(super) fn add_line(&mut self, kind: &CompactString, units: Option<Decimal>) {
        let Some(units) = units else { return };
        match self.lines.iter_mut().find(|(k, _)| k == kind) {
            Some((_, sum)) => *sum = sum.saturating_add(units),
            None => self.lines.push((kind.clone(), units)),
        }
    }

    pub(super) fn add_service(&mut self, service: Service) {
        self.services.push(service);
    }

    pub(super) fn basic(&mut self, units: Option<Decimal>, rate: Option<Decimal>, work: &Work<'_>) {
        self.basic = Some((units, rate, Place(work.row, work.range)));
    }

    pub(super) fn planned(&mut self, units: Option<Decimal>) {
        let Some(units) = units else { return };
        self.planned = Some(self.planned.unwrap_or_default().saturating_add(units));
    }

    pub(super) fn plan_total(&mut self, total: Option<Decimal>, work: &Work<'_>) {
        if let Some(total) = total.filter(|t| !t.is_zero()) {
            self.plan_total = Some((total, Place(work.row, work.range)));
        }
    }

    /// Holds all against each other.
    pub(super) fn close(&self, work: &mut Work<'_>) {
        let mut say = |rule: &'static Rule, place: Place, record: &str, field: &str, found: Decimal| {
            let record = format!("行 {} ({record})", place.0);
            work.notes.push(
                Finding::new(rule)
                    .at(place.1)
                    .in_field(record, field)
                    .found(format!("差 {found}"))
                    .expected("差 0"),
            );
        };
        if let (Some(planned), Some((total, place))) = (self.planned, self.plan_total)
            && planned != total
        {
            say(&rules::CLAIM_PLAN_SUM, place, "給付管理票", "給付計画合計", planned.saturating_sub(total));
        }
        let rate = self.basic.and_then(|(_, rate, _)| rate);
        for service in &self.services {
            let place = Place(service.row, service.range);
            let lines = self.lines.iter().find(|(k, _)| *k == service.kind).map(|(_, sum)| *sum);
            // What lies beyond the limit is the user's own: then the lines are what was done, not what is paid.
            let done = service.within.unwrap_or_default().saturating_add(service.beyond.unwrap_or_default());
            if let (Some(lines), Some(units)) = (lines, service.units)
                && lines != units
                && lines != done
            {
                say(&rules::CLAIM_SERVICE_SUM, place, "10", "保険単位数合計", lines.saturating_sub(units));
            }
            self.yen(service, rate, &mut say);
        }
        if let Some((Some(units), _, place)) = self.basic
            && !self.services.is_empty()
        {
            let sum =
                self.services.iter().filter_map(|s| s.units).fold(Decimal::ZERO, Decimal::saturating_add);
            if sum != units {
                say(&rules::CLAIM_TOTAL, place, "01", "保険単位数", sum.saturating_sub(units));
            }
        }
    }

    /// Cost = units × price rounded down; claim = cost × rate rounded down; the user bears the rest.
    fn yen(
        &self,
        service: &Service,
        rate: Option<Decimal>,
        say: &mut impl FnMut(&'static Rule, Place, &str, &str, Decimal),
    ) {
        let place = Place(service.row, service.range);
        let cost = service
            .units
            .zip(service.price)
            .and_then(|(units, price)| units.checked_mul(price)?.checked_div(Decimal::ONE_HUNDRED))
            .map(|cost| cost.floor());
        let due = cost
            .zip(rate.filter(|r| !r.is_zero()))
            .and_then(|(cost, rate)| cost.checked_mul(rate)?.checked_div(Decimal::ONE_HUNDRED))
            .map(|due| due.floor());
        if let Some((due, claim)) = due.zip(service.claim)
            && due != claim
        {
            say(&rules::CLAIM_YEN, place, "10", "請求額", claim.saturating_sub(due));
        }
        if let (Some(cost), Some(claim), Some(burden)) = (cost, service.claim, service.burden)
            && !service.public
            && cost.saturating_sub(claim) != burden
        {
            say(
                &rules::CLAIM_BURDEN,
                place,
                "10",
                "利用者負担額",
                burden.saturating_sub(cost.saturating_sub(claim)),
            );
        }
    }
}
