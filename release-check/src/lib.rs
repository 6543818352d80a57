//! The independent checker (独立検査) of sealed releases.
