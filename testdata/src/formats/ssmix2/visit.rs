//! Outpatients: reception, basics, allergies, problems, prescriptions, laboratory, radiology, endoscopy, physiology.

use jiff::civil::Date;

use super::super::{Job, Subject};
use super::message::{DOCTOR, Message, NO_ORDER, Pen, minute, seg, ymd};
use crate::clinical::{DISEASES, DRUGS, ITEMS, Route};
use crate::rng::Rng;

/// Radiology by JJ1017 (32 characters), modality, name.
const IMAGES: [(&str, &str, &str); 3] = [
    ("10000002000102000000010000000000", "CR", "胸部Ｘ線単純撮影立位正面"),
    ("60000002500000000000010000000000", "CT", "腹部ＣＴ"),
    ("70000001000000000000010000000000", "MR", "頭部ＭＲＩ"),
];

/// Endoscopy by LENDO.
const SCOPES: [(&str, &str); 3] =
    [("11000001000", "上部通常内視鏡"), ("11010001401", "食道生検採取"), ("11020001401", "胃生検採取")];

/// Physiological examinations: JLAC10 of the examination, of its value, name, unit, lowest and highest.
const PHYSIOLOGY: [(&str, &str, &str, &str, i64, i64); 3] = [
    ("9A110000000000001", "9A110160000000001", "心拍数", "bpm", 48, 110),
    ("9C310000000000001", "9C310160000000001", "努力性肺活量", "L", 2, 5),
    ("9E110000000000001", "9E110160000000001", "足関節上腕血圧比", "", 0, 1),
];

/// Organisms by JANIS.
const ORGANISMS: [(&str, &str); 3] =
    [("1301", "Staphylococcus aureus"), ("2001", "Escherichia coli"), ("2101", "Klebsiella pneumoniae")];

/// Writes what a person's visit of the month gives.
pub(super) fn write(job: &Job<'_>, subject: &Subject, out: &mut Vec<Message>) {
    let mut rng = job.rng(subject, 1);
    let day = job.month.saturating_add(jiff::ToSpan::days(i64::try_from(rng.below(27)).unwrap_or(0)));
    let mut pen = Pen { job, subject, out };
    pen.basics(day, &mut rng);
    pen.reception(day);
    pen.problems(day, &mut rng);
    if rng.chance(0.6) {
        pen.prescription(day, &mut rng);
    }
    if rng.chance(0.5) {
        pen.laboratory(day, &mut rng);
    }
    if rng.chance(0.12) {
        pen.bacteriology(day, &mut rng);
    }
    if rng.chance(0.2) {
        pen.radiology(day, &mut rng);
    }
    if rng.chance(0.1) {
        pen.endoscopy(day, &mut rng);
    }
    if rng.chance(0.15) {
        pen.physiology(day, &mut rng);
    }
}

impl Pen<'_> {
    fn basics(&mut self, day: Date, rng: &mut Rng) {
        let adult = self.subject.age >= 18;
        let height = if adult { rng.between(1450, 1850) } else { rng.between(500, 1400) };
        let weight = if adult { rng.between(400, 950) } else { rng.between(30, 400) };
        let blood = *rng.pick(&["A", "B", "O", "AB"]);
        let tenth = |n: i64| format!("{}.{}", n / 10, n % 10);
        let mut body = seg("EVN", &[(2, &minute(day, 9, 0))]);
        body += &self.pid(true);
        body += &seg("NK1", &[(1, "1"), (2, "見本^家族^^^^^L^I"), (3, "SPO^配偶者^HL70063")]);
        body += &Self::pv1("O", "01^^^^^C", &[]);
        if rng.chance(0.05) {
            body += &seg("DB1", &[(1, "1"), (2, "PT"), (4, "Y")]);
        }
        let obx = |n: &str, kind: &str, item: &str, value: &str, unit: &str| {
            seg("OBX", &[(1, n), (2, kind), (3, item), (5, value), (6, unit), (11, "F"), (14, &ymd(day))])
        };
        body += &obx("1", "NM", "9N001000000000001^身長^JC10", &tenth(height), "cm^cm^ISO+");
        body += &obx("2", "NM", "9N006000000000001^体重^JC10", &tenth(weight), "kg^kg^ISO+");
        body += &obx(
            "3",
            "CWE",
            "5H010000001999911^血液型-ABO式^JC10",
            &format!("{blood}^{blood}型^JSHR002"),
            "",
        );
        let allergic = rng.chance(0.25);
        if allergic {
            body += &seg("AL1", &[(1, "1"), (2, "DA^薬剤アレルギー^HL70127"), (3, "1^ペニシリン^99SYN")]);
        }
        body += &self.insurance();
        self.put(("ADT-00", "ADT^A08^ADT_A01"), None, NO_ORDER, day, &body);
        let at = minute(day, 9, 5);
        let body = seg("EVN", &[(2, &at), (6, &at)]) + &self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        self.put(("ADT-01", "ADT^A54^ADT_A54"), None, NO_ORDER, day, &body);
        if allergic {
            let iam = seg(
                "IAM",
                &[
                    (1, "1"),
                    (2, "DA^薬剤アレルギー^HL70127"),
                    (3, "1^ペニシリン^99SYN"),
                    (4, "MO^中等度^HL70128"),
                    (6, "A^追加^HL70206"),
                    (11, &ymd(day)),
                ],
            );
            let body = seg("EVN", &[(2, &at)]) + &self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]) + &iam;
            self.put(("ADT-61", "ADT^A60^ADT_A60"), None, NO_ORDER, day, &body);
        }
    }

    fn reception(&mut self, day: Date) {
        let at = minute(day, 9, 10);
        let body = seg("EVN", &[(2, &at)]) + &self.pid(false) + &Self::pv1("O", "01^^^^^C", &[(44, &at)]);
        self.put(("ADT-12", "ADT^A04^ADT_A01"), Some(day), NO_ORDER, day, &body);
    }

    fn problems(&mut self, day: Date, rng: &mut Rng) {
        let mut body = self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        let first = usize::try_from(rng.below(DISEASES.len() as u64)).unwrap_or(0);
        for (i, at) in [first, (first + 7) % DISEASES.len()].into_iter().enumerate() {
            let Some(disease) = DISEASES.get(at) else { continue };
            let start = ymd(day);
            let name = format!("{}^{}^99REC", disease.code, disease.name);
            body += &seg(
                "PRB",
                &[
                    (1, "AD"),
                    (2, &start),
                    (3, &name),
                    (4, &format!("{}{i:02}", self.order(day, 0))),
                    (7, &start),
                    (10, &format!("{}^^I10^O^外来時^JHSD0004^2013", disease.icd10)),
                    (14, "N^回復せず^HL70241"),
                    (18, if i == 0 { "1^主診断^JHSD0007" } else { "" }),
                ],
            );
            body += &seg("ZPR", &[(2, &name)]);
        }
        self.put(("PPR-01", "PPR^ZD1^PPR_ZD1"), None, NO_ORDER, day, &body);
    }

    fn prescription(&mut self, day: Date, rng: &mut Rng) {
        let Some(drug) = DRUGS.get(usize::try_from(rng.below(DRUGS.len() as u64)).unwrap_or(0)) else {
            return;
        };
        let order = self.order(day, 101);
        let days = rng.between(1, 8) * 7;
        let unit = format!("{}^{}^MR9P", drug.unit.0, drug.unit.1);
        let code = format!("{}^{}^YJ", drug.yj, drug.name);
        let route = if drug.route == Route::External { "AP^外用^HL70162" } else { "PO^口^HL70162" };
        let total = i64::from(drug.amount) * if drug.route == Route::Oral { days } else { 1 };
        let duration = if drug.route == Route::Oral { format!("{days}^D&日&ISO+") } else { String::new() };
        let written = minute(day, 10, 30);
        let head = self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        let group = format!("{order}_01_001");
        let body = head.clone()
            + &Self::orc("NW", &order, &group, "", &written)
            + &seg(
                "RXE",
                &[
                    (2, &code),
                    (3, "1"),
                    (5, &unit),
                    (7, "01^１回目から服用^JHSP0005"),
                    (10, &total.to_string()),
                    (11, &unit),
                    (21, "OHP^外来処方^MR9P"),
                ],
            )
            + &seg(
                "TQ1",
                &[(1, "1"), (3, &format!("&{}&99SYN", drug.usage)), (6, &duration), (7, &ymd(day))],
            )
            + &seg("RXR", &[(1, route)]);
        self.put(("OMP-01", "RDE^O11^RDE_O11"), Some(day), &order, day, &body);
        if rng.chance(0.2) {
            let order = self.order(day, 102);
            let given = minute(day, 11, 0);
            let body = head
                + &Self::orc("NW", &order, "1", "", &written)
                + &seg(
                    "RXA",
                    &[
                        (1, "0"),
                        (2, "1"),
                        (3, &given),
                        (4, &given),
                        (5, &code),
                        (6, "1"),
                        (7, &unit),
                        (10, "200^見本^看護^^^^^^^L^^^^^I"),
                        (20, "CP"),
                        (22, &given),
                    ],
                )
                + &seg("RXR", &[(1, route)]);
            self.put(("OMP-11", "RAS^O17^RAS_O17"), Some(day), &order, day, &body);
        }
    }

    fn laboratory(&mut self, day: Date, rng: &mut Rng) {
        let order = self.order(day, 201);
        let drawn = minute(day, 9, 30);
        let head = self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        let spm = |collected: &str| seg("SPM", &[(1, "1"), (4, "023^血清^JC10"), (17, collected)]);
        let orc = |control: &str| Self::orc(control, &order, "", "", &drawn);
        let test = "E001^生化学的検査^99SYN";
        let body = head.clone() + &spm("") + &orc("NW") + &seg("OBR", &[(1, "1"), (2, &order), (4, test)]);
        self.put(("OML-01", "OML^O33^OML_O33"), Some(day), &order, day, &body);
        let mut body = head
            + &spm(&drawn)
            + &seg("OBR", &[(1, "1"), (2, &order), (4, test), (7, &ymd(day)), (16, DOCTOR), (25, "F")])
            + &orc("SC");
        for (i, item) in ITEMS.iter().enumerate() {
            let value = rng.between(item.values.0, item.values.1);
            let flag = match value {
                v if v < item.range.0 => "L",
                v if v > item.range.1 => "H",
                _ => "N",
            };
            body += &seg(
                "OBX",
                &[
                    (1, &(i + 1).to_string()),
                    (2, "NM"),
                    (3, &format!("{}^{}^JC10", item.jlac10, item.name)),
                    (5, &decimal(value, item.decimals)),
                    (6, &format!("{0}^{0}^ISO+", item.unit)),
                    (
                        7,
                        &format!(
                            "{}-{}",
                            decimal(item.range.0, item.decimals),
                            decimal(item.range.1, item.decimals)
                        ),
                    ),
                    (8, flag),
                    (11, "F"),
                    (14, &drawn),
                ],
            );
        }
        self.put(("OML-11", "OUL^R22^OUL_R22"), Some(day), &order, day, &body);
    }

    /// Culture: organism and amount under one number (OBX-4), and what the organism is susceptible to.
    fn bacteriology(&mut self, day: Date, rng: &mut Rng) {
        let order = self.order(day, 202);
        let drawn = minute(day, 9, 40);
        let (code, name) = *rng.pick(&ORGANISMS);
        let amount = *rng.pick(&["1+", "2+", "3+"]);
        let mut body = self.pid(false)
            + &Self::pv1("O", "01^^^^^C", &[])
            + &seg("SPM", &[(1, "1"), (4, "061^喀痰^JC10"), (17, &drawn)])
            + &seg(
                "OBR",
                &[(1, "1"), (2, &order), (4, "6B010000006170011^培養同定^JC10"), (7, &ymd(day)), (25, "F")],
            )
            + &Self::orc("SC", &order, "", "", &drawn);
        let mut n = 0;
        let mut obx = |kind: &str, item: &str, set: &str, value: &str, flag: &str| {
            n += 1;
            let row = [(1, n.to_string()), (2, kind.to_owned()), (3, item.to_owned()), (4, set.to_owned())];
            let mut fields: Vec<(usize, &str)> = row.iter().map(|(i, t)| (*i, t.as_str())).collect();
            fields.extend([(5, value), (8, flag), (11, "F")]);
            seg("OBX", &fields)
        };
        body += &obx("CWE", "6B010000006170011^菌名^JC10", "1", &format!("{code}^{name}^JANIS"), "");
        body += &obx("ST", "6B010000006170012^菌量^JC10", "1", amount, "");
        for (drug, antibiotic) in
            [("6C005000006190001", "アンピシリン"), ("6C010000006190001", "セファゾリン")]
        {
            let (mic, flag) = *rng.pick(&[("<=^2", "S"), ("^8", "I"), (">^16", "R")]);
            body += &obx("SN", &format!("{drug}^{antibiotic}^JC10"), "1.1", mic, flag);
        }
        self.put(("OML-11", "OUL^R22^OUL_R22"), Some(day), &order, day, &body);
    }

    fn radiology(&mut self, day: Date, rng: &mut Rng) {
        let order = self.order(day, 301);
        let (code, modality, name) = *rng.pick(&IMAGES);
        let (written, test) = (minute(day, 9, 50), format!("{code}^{name}^JJ1017"));
        let head = self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        let order_part = |control: &str| {
            Self::orc(control, &order, "", "", &written)
                + &seg("TQ1", &[(1, "1"), (7, &ymd(day)), (9, "R^ルーチン^HL70485")])
        };
        let obr = [(2, order.as_str()), (4, test.as_str()), (16, DOCTOR)];
        let body = head.clone() + &order_part("NW") + &seg("OBR", &obr);
        self.put(("OMG-01", "OMG^O19^OMG_O19"), Some(day), &order, day, &body);
        let study = format!("1.2.392.200036.9999.{}", self.order(day, 1));
        let mut body = head
            + &order_part("OK")
            + &seg("OBR", &[(2, &order), (4, &test), (7, &minute(day, 11, 20)), (16, DOCTOR), (25, "F")])
            + &seg("ZE1", &[(1, "1"), (2, "RS"), (3, &test), (4, "1"), (7, DOCTOR)]);
        if modality == "CR" {
            let voltage = format!("{}^kV", rng.between(60, 120));
            body += &seg("ZE2", &[(1, "1"), (2, &voltage), (3, "200^mA"), (6, "1")]);
        }
        body += &seg("IPC", &[(1, &order), (3, &study), (5, &format!("{modality}^^DCM"))]);
        self.put(("OMG-11", "OMI^Z23^OMI_Z23"), Some(day), &order, day, &body);
    }

    fn endoscopy(&mut self, day: Date, rng: &mut Rng) {
        let order = self.order(day, 302);
        let (code, name) = *rng.pick(&SCOPES);
        let (written, test) = (minute(day, 9, 55), format!("{code}^{name}^LENDO"));
        let head = self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        let order_part = |control: &str| {
            Self::orc(control, &order, "", "", &written) + &seg("TQ1", &[(1, "1"), (9, "R^ルーチン^HL70485")])
        };
        let obx = |n: &str, kind: &str, item: &str, value: &str| {
            seg("OBX", &[(1, n), (2, kind), (3, item), (5, value), (11, "F")])
        };
        let reason = obx("1", "TX", "MS3-04^内視鏡検査理由^JSHR", "見本の自由記載");
        let body = head.clone()
            + &order_part("NW")
            + &seg("OBR", &[(2, &order), (4, &test), (16, DOCTOR)])
            + &reason;
        self.put(("OMG-02", "OMG^O19^OMG_O19"), Some(day), &order, day, &body);
        let study = format!("1.2.392.200036.9999.{}", self.order(day, 2));
        let body = head
            + &order_part("OK")
            + &seg("OBR", &[(2, &order), (4, &test), (7, &ymd(day)), (16, DOCTOR)])
            + &seg("ZE1", &[(1, "1"), (2, "RS"), (3, &test)])
            + &obx("1", "XCN", "DR-02.EM-01^正従業員の実施医師^JSHR", DOCTOR)
            + &obx("2", "TS", "TM-P1^開始時間^JSHR", &minute(day, 13, rng.between(0, 59)))
            + &obx("3", "ZRD", "DE-02^薬品^JSHR", "100555401^見本鎮静薬^HOT9^1^AMP&管&MR9P")
            + &obx("4", "CWE", "DE-06^内視鏡^JSHR", "4953170067938^見本内視鏡^JAN")
            + &seg("IPC", &[(1, &order), (3, &study), (5, "ES^^DCM")]);
        self.put(("OMG-12", "OMI^Z23^OMI_Z23"), Some(day), &order, day, &body);
    }

    fn physiology(&mut self, day: Date, rng: &mut Rng) {
        let order = self.order(day, 303);
        let (exam, item, name, unit, low, high) = *rng.pick(&PHYSIOLOGY);
        let (written, test) = (minute(day, 10, 0), format!("{exam}^{name}^JC10"));
        let head = self.pid(false) + &Self::pv1("O", "01^^^^^C", &[]);
        let orc = |control: &str| Self::orc(control, &order, "", "", &written);
        let body = head.clone()
            + &orc("NW")
            + &seg("TQ1", &[(1, "1"), (9, "R^ルーチン^HL70485")])
            + &seg("OBR", &[(1, "1"), (2, &order), (4, &test)]);
        self.put(("OMG-03", "OMG^O19^OMG_O19"), Some(day), &order, day, &body);
        let value = rng.between(low, high).to_string();
        let body = head
            + &orc("SC")
            + &seg(
                "OBR",
                &[(1, "1"), (2, &order), (4, &test), (7, &minute(day, 14, 0)), (16, DOCTOR), (25, "F")],
            )
            + &seg(
                "OBX",
                &[
                    (1, "1"),
                    (2, "NM"),
                    (3, &format!("{item}^{name}^JC10")),
                    (5, &value),
                    (6, unit),
                    (11, "F"),
                ],
            )
            + &seg(
                "OBX",
                &[(1, "2"), (2, "TX"), (3, &format!("{exam}&IMP^所見^JC10")), (5, "見本の所見"), (11, "F")],
            );
        self.put(("OMG-13", "ORU^R01^ORU_R01"), Some(day), &order, day, &body);
    }
}

/// `value` with its last `decimals` digits after the point.
pub(super) fn decimal(value: i64, decimals: u32) -> String {
    let scale = 10i64.pow(decimals);
    match decimals {
        0 => value.to_string(),
        n => format!("{}.{:0width$}", value / scale, value % scale, width = n as usize),
    }
}
