//! The HTTP kit and the server around it, on a real socket.

mod bodies;
mod connections;
mod harness;
mod load;
mod logs;
mod problems;
mod stop;
mod tls;
