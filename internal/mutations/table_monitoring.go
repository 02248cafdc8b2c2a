package main

const (
	monitoringRoom = "internal/monitoring"
	statsRoom      = "cmd/windows-socket-stats"
)

// ofMonitoring: what monitoring systems are told.
var ofMonitoring = []mutation{
	{
		name: "a host that was not read has sockets, none", harm: "a graph falls to 0 and an alert clears while nobody knows",
		file: "internal/monitoring/metric.go", old: `if r.Err != nil && !m.always {`, replacement: `if false {`,
		room: monitoringRoom, tests: []string{"TestCacti", "TestPrometheus"},
	},
	{
		name: "what a host does not tell is 0 for Cacti", harm: "a pool of no ports, free of charge",
		file: "internal/monitoring/cacti.go", old: `m.Name + ":U"`, replacement: `m.Name + ":0"`,
		room: monitoringRoom, tests: []string{"TestCacti"},
	},
	{
		name: "a host that is down is not critical", harm: "nobody is called",
		file: "internal/monitoring/nagios.go", old: `status = Critical`, replacement: `status = OK`,
		room: monitoringRoom, tests: []string{"TestNagios"},
	},
	{
		name: "a range alerts inside", harm: "the alert is on for years and goes off when it is needed",
		file: "internal/monitoring/threshold.go", old: `return within == r.inside`, replacement: `return within != r.inside`,
		room: monitoringRoom, tests: []string{"TestRange"},
	},
	{
		name: "80 % is taken for a ratio", harm: "an alert that can never fire",
		file: "internal/monitoring/threshold.go", old: `if metric.Unit == Ratio && (`, replacement: `if metric.Unit == YesNo && (`,
		room: monitoringRoom, tests: []string{"TestThreshold"},
	},
	{
		name: "the deadline does not reach the hosts", harm: "Cacti kills the script and has no value at all, of any host behind it",
		file: "internal/monitoring/fleet.go", old: `context.WithTimeout(ctx, f.options.Deadline)`, replacement: `context.WithTimeout(ctx, time.Hour)`,
		room: monitoringRoom, tests: []string{"TestDeadline"},
	},
	{
		name: "a delay that is text counts as set", harm: "the graph says 30 s while Windows goes by its default",
		file: "internal/monitoring/reading.go", old: `read && value.Type == tuning.TypeDWORD`, replacement: `read && value.Type <= tuning.TypeDWORD && value.Present`,
		room: monitoringRoom, tests: []string{"TestSettingsOfTheRegistry"},
	},
	{
		name: "without a journal nothing awaits a restart", harm: "what is not known is reported as fine",
		file: "internal/monitoring/reading.go", old: "if !known {\n\t\treturn nil\n", replacement: "if !known && pending != nil {\n\t\treturn nil\n",
		room: monitoringRoom, tests: []string{"TestSettingsOfTheRegistry"},
	},
	{
		name: "a password is taken from the command line", harm: "every user of the monitoring server reads it in ps",
		file: "cmd/windows-socket-stats/connection.go", old: `if c.Password != nil {`, replacement: `if false {`,
		room: statsRoom, tests: []string{"TestWrongUse"},
	},
}
