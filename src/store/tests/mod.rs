//! The city file, tried from outside.

mod fixture;

mod dress;
mod editing;
mod files;
mod foreign;
mod imports;
mod layers;
mod photos;
mod queries;
mod safety;
mod speed;
mod standard;
mod tools;
mod walk;
