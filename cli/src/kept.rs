//! What every command asks of the books of authority: parameters, organisations and accounts, instructions. A batch reads
//! them once. A server of pages keeps them, and asks before every verb whether anything was written to them since: a change
//! that two people approved counts for the very next page.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use musubi_compliance::organisation::Book;
use musubi_compliance::parameters;
use musubi_model::parameter::ParameterSet;
use musubi_storage::act::instruction::InstructionRow;
use musubi_storage::act::standing::Standing;
use musubi_storage::registry::ActDb;

/// The books of authority at one time.
#[derive(Debug)]
pub struct Books {
    /// Parameters, with the changes that were approved.
    pub parameters: Arc<ParameterSet>,
    /// Organisations and accounts.
    pub organisations: Arc<Book>,
    /// Instructions.
    pub instructions: Vec<InstructionRow>,
}

impl Books {
    /// Reads them.
    pub fn read(db: &mut ActDb) -> Result<Self> {
        let changes = db.parameter_changes().context("パラメータの変更を読めません")?;
        Ok(Self {
            parameters: Arc::new(parameters::parameters(Some(&changes)).context("パラメータを使えません")?),
            organisations: Arc::new(organisations(db)?),
            instructions: db.instructions()?,
        })
    }
}

/// All organisations and accounts.
pub fn organisations(db: &mut ActDb) -> Result<Book> {
    let (organisations, principals) = (db.organisations()?, db.principals()?);
    Book::new(organisations, principals).context("事業者の台帳を使えません")
}

/// Books that were read before, and how the tables stood before that.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Option<(Standing, Arc<Books>)>>);

impl Kept {
    /// The books as they are now.
    pub fn now(&self, db: &mut ActDb) -> Result<Arc<Books>> {
        let standing = db.standing()?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, books)) = kept.filter(|(then, _)| *then == standing) {
            return Ok(books);
        }
        // Read after the count: what is written in between is read now, and once more at the next count.
        let books = Arc::new(Books::read(db)?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((standing, Arc::clone(&books)));
        Ok(books)
    }
}
