//! The kernel under test.
mod clocks;
mod connections;
mod datagrams;
mod digests;
mod disk_model;
mod disks;
mod forks;
mod hands;
mod ping_pong;
mod processes;
mod queues;
mod recording;
mod stage;
mod streams;
mod tables;
mod token_ring;
mod two_toys;
