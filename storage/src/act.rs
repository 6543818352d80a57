//! The books of the Act, as the role `musubi_act` keeps them: rows in, rows out.
//!
//! Each book has a module of its own. None of them decides anything, and none may reach an identity, a key or a raw byte:
//! the role's grants do not let it.

pub mod instruction;
pub mod operation;
pub mod organisation;
pub mod parameter;
