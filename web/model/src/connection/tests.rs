mod lifecycle;
mod sending;
mod tasks;
mod through;
