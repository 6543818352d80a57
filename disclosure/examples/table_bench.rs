//! bench
use musubi_disclosure::table::*;
fn load(name: &str, tree: Option<&str>) -> System {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples/anon/tables/");
    let text = std::fs::read_to_string(format!("{dir}{name}.csv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let dims = head.len() - 1;
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let mut axes: Vec<Axis> = head[..dims].iter().map(|h| Axis::new(h)).collect();
    if let Some(tree) = tree {
        let t = std::fs::read_to_string(format!("{dir}{tree}.csv")).unwrap();
        for l in t.lines() {
            let (p, c) = l.split_once(';').unwrap();
            let p = axes[0].node(p).unwrap();
            axes[0].add(p, c);
        }
    }
    for r in &rows {
        for d in 0..dims {
            if axes[d].node(r[d]).is_none() {
                axes[d].add(NodeId::TOTAL, r[d]);
            }
        }
    }
    let mut cube = Cube::new(axes.clone()).unwrap();
    let t = cube.table("u", &head[..dims]).unwrap();
    let parents: std::collections::BTreeSet<&str> = tree
        .map(|t| {
            std::fs::read_to_string(format!("{dir}{t}.csv"))
                .unwrap()
                .lines()
                .map(|l| l.split(';').next().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default()
        .leak()
        .iter()
        .map(|s| s.as_str())
        .collect();
    for r in &rows {
        if (0..dims).any(|d| r[d] == "Total" || parents.contains(r[d])) {
            continue;
        }
        let v: Vec<NodeId> = (0..dims).map(|d| axes[d].node(r[d]).unwrap()).collect();
        cube.count(t, &v, r[dims].parse().unwrap()).unwrap();
    }
    cube.build().unwrap()
}
fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    for (n, tree) in [("t2_6x5", None), ("t2_12x8", None), ("t2_47x10", None), ("t3_4x4x2", None), ("t3_8x6x2", None), ("th_pref_area_age", Some("th_area_tree")), ("t3_20x10x2", None), ("t3h_335x18x2", Some("t3h_335x18x2_tree"))] {
        if !only.iter().any(|o| o == n) { continue; }
        let s = load(n, tree);
        let m = primary(&s, &Tiers::flat(10));
        for p in [Protect::Bounds, Protect::Width] {
            for limit in [0usize, 1000] {
            if limit > 0 && only.iter().any(|o| o == "h") {continue;}
            let t = std::time::Instant::now();
            let rule = Rule { protect: p };
            let r = suppress(&s, &m, &rule, &Limits { exact_cells: limit }).unwrap();
            let e = t.elapsed();
            let t = std::time::Instant::now();
            let a = audit(&s, &r, &rule, &[]).unwrap();
            println!("{n} {p:?} {limit} cells {} primary {} cost {:?} {:?} audit clean {} lps {} whole {} {:?} conc {} narrow {}", s.cells().len(), m.hidden_cells().count(), r.cost(&s), e, a.clean(), a.programs, a.whole, t.elapsed(), a.count(audit::FindingKind::Concentrated), a.count(audit::FindingKind::Narrow));
            }
        }
    }
}
