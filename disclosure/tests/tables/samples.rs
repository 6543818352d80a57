//! Reads the tables of the samples folder beside the repository, where it is there. It must never hold a table itself.

use std::collections::BTreeSet;
use std::path::PathBuf;

use musubi_disclosure::table::{Axis, Cube, NodeId, System};

/// Name, tree of its first axis, least cost under the rules "bounds" and "width" as proven in the samples.
pub const KNOWN: [(&str, Option<&str>, u64, u64); 7] = [
    ("t2_6x5", None, 168, 143),
    ("t2_12x8", None, 219, 213),
    ("t2_47x10", None, 627, 627),
    ("t3_4x4x2", None, 534, 480),
    ("t3_8x6x2", None, 1239, 1216),
    ("th_pref_area_age", Some("th_area_tree"), 1216, 1115),
    ("t3_20x10x2", None, 5715, 5524),
];

/// The great one, without a known least cost.
pub const GREAT: (&str, Option<&str>) = ("t3h_335x18x2", Some("t3h_335x18x2_tree"));

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples/anon/tables"))
}

/// The table of this name; none, with a word, when the samples are not here.
pub fn load(name: &str, tree: Option<&str>) -> Option<System> {
    let read = |name: &str| std::fs::read_to_string(folder().join(format!("{name}.csv"))).ok();
    let Some(text) = read(name) else {
        println!("skipped: the samples are not beside the repository");
        return None;
    };
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let (head, rows) = rows.split_first()?;
    let dims = head.len() - 1;
    let mut axes: Vec<Axis> = head[..dims].iter().map(|name| Axis::new(name)).collect();
    let tree = tree.and_then(read).unwrap_or_default();
    let mut inner = BTreeSet::from(["Total"]);
    for (parent, child) in tree.lines().filter_map(|line| line.split_once(';')) {
        let parent_node = axes[0].node(parent)?;
        axes[0].add(parent_node, child);
        inner.insert(parent);
    }
    for row in rows {
        for (axis, label) in axes.iter_mut().zip(row) {
            if axis.node(label).is_none() {
                axis.add(NodeId::TOTAL, label);
            }
        }
    }
    let mut cube = Cube::new(axes.clone()).ok()?;
    let table = cube.table("all", &head[..dims]).ok()?;
    for row in rows.iter().filter(|row| row[..dims].iter().all(|label| !inner.contains(label))) {
        let values: Option<Vec<NodeId>> =
            axes.iter().zip(row).map(|(axis, label)| axis.node(label)).collect();
        cube.count(table, &values?, row[dims].parse().ok()?).ok()?;
    }
    cube.build().ok()
}
