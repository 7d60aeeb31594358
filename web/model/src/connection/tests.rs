mod lifecycle;
mod sending;
mod tasks;
