//! The language server, as a state machine: a message in, messages out.
//!
//! [`Server::handle`] takes what a client sends and gives what it is to be sent. It reads no file
//! (a [`Disk`] does), knows no clock and starts no thread. What takes long, checking a program, is a
//! [`Job`] that runs wherever its caller wants; meanwhile questions are answered from the text as it
//! is ([`crate::symbols`]) and from the last program that was right.

mod analysis;
mod completion;
mod document;
mod hover;
mod inbox;
mod lines;
mod navigate;
mod rename;
mod server;
mod signature;
mod tokens;
mod uri;
mod world;

pub use analysis::{Job, Outcome};
pub use inbox::{Inbox, Next};
pub use lines::Lines;
pub use server::Server;
pub use world::Disk;
