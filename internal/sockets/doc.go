// Package sockets knows TCP states as Windows numbers and names them, and
// tallies a socket table: active and stale sockets, every state, how much of the
// ephemeral port pool is taken, and by whom. It is pure, and it streams: its
// memory grows with the number of distinct remote endpoints, local ports and
// processes, never with the rows.
package sockets
