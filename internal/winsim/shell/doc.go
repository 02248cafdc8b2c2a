// Package shell is the simulated host's remote shell: the shell operations of WS-Management (documented: MS-WSMV 3.1.4)
// and the handful of console programs that the project runs in it. Where captures that others published show what
// Windows sends, the code says recorded; what is only assumed varies by seed (profile.Shape).
package shell
