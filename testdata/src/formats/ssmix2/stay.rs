//! Inpatients: a stay planned and done, leave, moves, meals, injections.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::{Job, Subject};
use super::message::{Message, NO_ORDER, Pen, minute, seg, ymd};

/// Wards.
const WARDS: [&str; 4] = ["3E", "3W", "5E", "07"];

/// Writes a stay for about one person in six.
pub(super) fn write(job: &Job<'_>, subject: &Subject, out: &mut Vec<Message>) {
    let mut rng = job.rng(subject, 2);
    if !rng.chance(0.17) {
        return;
    }
    let day = |n: i64| job.month.saturating_add(n.days());
    let admitted = 3 + rng.between(0, 8);
    let length = rng.between(4, 14);
    let (first, second) = (*rng.pick(&WARDS), *rng.pick(&WARDS));
    let disposition = *rng.pick(&["01", "02", "05"]);
    let planned = rng.chance(0.6);
    let on_leave = rng.chance(0.3);
    let volume = rng.between(1, 5) * 100;
    let mut pen = Pen { job, subject, out };
    let stay = Stay { ward: format!("{first}^302^1^^^N"), admitted: minute(day(admitted), 10, 0) };
    if planned {
        let body = pen.pid(false)
            + &Pen::pv1("I", &stay.ward, &[(4, "R")])
            + &seg("PV2", &[(8, &minute(day(admitted), 10, 0))]);
        pen.event(("ADT-21", "ADT^A14^ADT_A05"), day(admitted), day(1), &body);
    }
    let kind = if planned { "R" } else { "E" };
    let body = pen.pid(false) + &Pen::pv1("I", &stay.ward, &[(4, kind), (44, &stay.admitted)]);
    pen.event(("ADT-22", "ADT^A01^ADT_A01"), day(admitted), day(admitted), &body);
    pen.meals(day(admitted));
    pen.injections(day(admitted), volume);
    if on_leave {
        let (out_on, back_on) = (day(admitted + 1), day(admitted + 2));
        let body = pen.pid(false)
            + &Pen::pv1("I", &stay.ward, &[(44, &stay.admitted)])
            + &seg("PV2", &[(47, &minute(back_on, 17, 0))]);
        pen.event(("ADT-31", "ADT^A21^ADT_A21"), out_on, out_on, &body);
        let body = pen.pid(false)
            + &Pen::pv1("I", &stay.ward, &[(44, &stay.admitted)])
            + &seg("PV2", &[(47, &minute(back_on, 17, 0))]);
        pen.event(("ADT-32", "ADT^A22^ADT_A21"), back_on, back_on, &body);
    }
    let moved = day(admitted + 2);
    let to = format!("{second}^501^2^^^N");
    if first != second {
        let body = pen.pid(false)
            + &Pen::pv1("I", &stay.ward, &[(44, &stay.admitted)])
            + &seg("PV2", &[(1, &to), (8, &minute(moved, 14, 0))]);
        pen.event(("ADT-41", "ADT^A15^ADT_A15"), moved, day(admitted + 1), &body);
        let body = pen.pid(false) + &Pen::pv1("I", &to, &[(6, &stay.ward), (44, &stay.admitted)]);
        pen.event(("ADT-42", "ADT^A02^ADT_A02"), moved, moved, &body);
    }
    let left = day(admitted + length);
    let leaves = minute(left, 10, 30);
    let body = pen.pid(false) + &Pen::pv1("I", &to, &[(44, &stay.admitted)]) + &seg("PV2", &[(9, &leaves)]);
    pen.event(("ADT-51", "ADT^A16^ADT_A16"), left, day(admitted + 2), &body);
    let body =
        pen.pid(false) + &Pen::pv1("I", &to, &[(36, disposition), (44, &stay.admitted), (45, &leaves)]);
    pen.event(("ADT-52", "ADT^A03^ADT_A03"), left, left, &body);
}

struct Stay {
    ward: String,
    /// PV1-44.
    admitted: String,
}

impl Pen<'_> {
    /// An ADT message of `day`, written on another day where it is planned.
    fn event(&mut self, kind: (&'static str, &'static str), day: Date, written: Date, body: &str) {
        let evn = seg("EVN", &[(2, &minute(written, 17, 30)), (6, &minute(day, 12, 0))]);
        self.put(kind, Some(day), NO_ORDER, written, &(evn + body));
    }

    fn meals(&mut self, day: Date) {
        let order = self.order(day, 401);
        let body = self.pid(false)
            + &Pen::pv1("I", "3E^302^1^^^N", &[])
            + &Pen::orc("NW", &order, "", "", &minute(day, 11, 0))
            + &seg("TQ1", &[(1, "1"), (3, "TID&１日３回&HL70335"), (7, &minute(day, 12, 0))])
            + &seg("ODS", &[(1, "D"), (3, "001^常食^99SYN"), (4, "見本の指示")]);
        self.put(("OMD", "OMD^O03^OMD_O03"), Some(day), &order, day, &body);
    }

    fn injections(&mut self, day: Date, volume: i64) {
        let order = self.order(day, 402);
        let head = self.pid(false) + &Pen::pv1("I", "3E^302^1^^^N", &[]);
        let written = minute(day, 11, 10);
        let group = format!("{order}_01_001");
        let (start, end) = (minute(day, 13, 0), minute(day, 15, 0));
        let unit = "ml^ミリリッター^ISO+";
        let volume = volume.to_string();
        let rxe = seg(
            "RXE",
            &[
                (2, "00^一般^JHSI0002"),
                (3, &volume),
                (5, unit),
                (6, "INJ^注射剤^MR9P"),
                (21, "IHP^入院処方^MR9P"),
                (23, "100"),
                (24, "ml/hr^ミリリッター／時間^ISO+"),
            ],
        );
        let rxr = seg("RXR", &[(1, "IV^静脈内^HL70162"), (2, "ARM^腕^HL70550")]);
        let rxc = seg("RXC", &[(1, "B"), (2, "107752001^見本輸液^HOT"), (3, "1"), (4, "BAG^袋^MR9P")])
            + &seg("RXC", &[(1, "A"), (2, "100558502^見本注射液^HOT"), (3, "2"), (4, "AMP^アンプル^MR9P")]);
        let tq1 = seg("TQ1", &[(1, "1"), (7, &start), (8, &end)]);
        let body = head.clone() + &Pen::orc("NW", &order, &group, "", &written) + &rxe + &tq1 + &rxr + &rxc;
        self.put(("OMP-02", "RDE^O11^RDE_O11"), Some(day), &order, day, &body);
        let given = self.order(day, 403);
        let rxa = seg(
            "RXA",
            &[
                (1, "0"),
                (2, "1"),
                (3, &start),
                (4, &end),
                (5, "00^一般^JHSI0002"),
                (6, &volume),
                (7, unit),
                (10, "200^見本^看護^^^^^^^L^^^^^I"),
                (20, "CP"),
                (22, &ymd(day)),
            ],
        );
        let body =
            head + &Pen::orc("NW", &given, &group, "", &written) + &rxe + &tq1 + &rxr + &rxc + &rxa + &rxr;
        self.put(("OMP-12", "RAS^O17^RAS_O17"), Some(day), &given, day, &body);
    }
}
