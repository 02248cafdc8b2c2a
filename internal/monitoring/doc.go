// Package monitoring reads the socket statistics of several hosts side by side and
// says them as monitoring systems take them: a table, JSON, a line for Cacti, series
// for Prometheus, a plugin's result for Nagios. One table of metrics feeds them all.
package monitoring
