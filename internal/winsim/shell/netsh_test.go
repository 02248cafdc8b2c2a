package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// Every spelling that sets a range, and what is none. The range is another before each line.
func TestNetshSets(t *testing.T) {
	const (
		kept   = "tcp ipv4 2000 300 persistent"
		active = "tcp ipv4 2000 300 active"
		nobody = ""
		syntax = "Check help for the correct syntax.\r\n\r\nUsage:"
		wrong  = "The following command was not found: "
	)
	for line, want := range map[string][2]string{ // what is set, what is said
		"int ipv4 set dynamicport tcp start=2000 num=300 store=persistent":                         {kept, "Ok.\r\n\r\n"},
		"interface IPV4 set DynamicPort TCP Start=2000 Num=300":                                    {kept, "Ok.\r\n\r\n"},
		"int ipv4 set dynamicportrange protocol=tcp startport=2000 numberofports=300 store=active": {active, "Ok.\r\n\r\n"},
		"int ipv4 set dynamic num=300 p=tcp start=2000 store=active":                               {active, "Ok.\r\n\r\n"},
		"int ipv4 set dynamicport tcp 2000 300":                                                    {kept, "Ok.\r\n\r\n"},
		"int ipv4 set dynamicport tcp 2000 300 active":                                             {active, "Ok.\r\n\r\n"},
		"int ipv6 set dynamicport udp start=1025 num=255":                                          {"udp ipv6 1025 255 persistent", "Ok.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=1025 num=64511":                                        {"tcp ipv4 1025 64511 persistent", "Ok.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=1024 num=300":                                          {nobody, "The parameter is incorrect.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=1025 num=254":                                          {nobody, "The parameter is incorrect.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=1025 num=64512":                                        {nobody, "The parameter is incorrect.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=-9223372036854775808 num=9223372036854775807":          {nobody, "The parameter is incorrect.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=2000 num=9223372036854775807":                          {nobody, "The parameter is incorrect.\r\n\r\n"},
		"int ipv4 set dynamicport tcp start=2000 num=9223372036854775808":                          {nobody, syntax},
		"int ipv4 set dynamicport tcp start=2000":                                                  {nobody, syntax},
		"int ipv4 set dynamicport tcp":                                                             {nobody, syntax},
		"int ipv4 set dynamicport tcp start= num=300":                                              {nobody, syntax},
		"int ipv4 set dynamicport tcp start=2000 num=300 store=maybe":                              {nobody, syntax},
		"int ipv4 set dynamicport tcp start=2000 num=300 start=3000":                               {nobody, wrong},
		"int ipv4 set dynamicport tcp start=2000 num=300 store=active x":                           {nobody, wrong},
		"int ipv4 set dynamicport tcp start=2000 num=300 color=red":                                {nobody, wrong},
		"int ipv4 set dynamicport icmp start=2000 num=300":                                         {nobody, wrong},
		"int ipv4 set dynamicport =tcp start=2000 num=300":                                         {nobody, wrong},
		"int ip set dynamicport tcp start=2000 num=300":                                            {nobody, wrong},
		"int ipv4 set dynamicports tcp start=2000 num=300":                                         {nobody, wrong},
		"int ipv4 set dyn tcp start=2000 num=300":                                                  {nobody, wrong},
		"int ipv4 add dynamicport tcp start=2000 num=300":                                          {nobody, wrong},
	} {
		m, set := machineOf(t, profile.Server2022, "en"), ""
		m.SetRange = func(transport, family string, r tcpstack.Range, persistent bool) {
			set = fmt.Sprint(transport, " ", family, " ", r.Start, " ", r.Number, map[bool]string{true: " persistent", false: " active"}[persistent])
		}
		stdout, stderr, code := runLine(m, 437, "netsh "+line)
		if set != want[0] || !strings.Contains(stdout, want[1]) || stderr != "" || (code == 0) != (set != "") {
			t.Errorf("%s: sets %q, exit code %d, says %q%s; want %q", line, set, code, stdout, stderr, want)
		}
	}
	m := machineOf(t, profile.Server2022, "en")
	m.Shape.NetshUsage = true
	if stdout, _, code := runLine(m, 437, "netsh int ipv4 set dynamicport tcp start=1024 num=300"); code != 1 || !strings.Contains(stdout, syntax+" set dynamicportrange [protocol=]tcp|udp") {
		t.Errorf("out of bounds, by another seed: %d %q", code, stdout)
	}
	if stdout, _, code := runLine(machineOf(t, profile.Server2003, "en"), 437, "netsh int ipv4 set dynamicport tcp start=2000 num=300"); code != 1 || !strings.Contains(stdout, wrong) {
		t.Errorf("2003: %d %q", code, stdout)
	}
}

func TestNetshExcludes(t *testing.T) {
	for line, want := range map[string][2]string{ // the row that is there afterwards, what is said
		"int ipv4 add excludedportrange protocol=tcp startport=1433 numberofports=1 store=persistent": {"      1433        1433     *", "Ok."},
		"int ipv4 add excludedportrange tcp 5000 10":                                                  {"      5000        5009     *", "Ok."},
		"int ipv4 add excludedportrange tcp start=1 num=2":                                            {"         1           2     *", "Ok."},
		"int ipv4 add excludedportrange tcp start=135 num=1":                                          {"", "it is being used by another process."}, // a listener
		"int ipv4 add excludedportrange tcp start=49700 num=13":                                       {"", "it is being used by another process."}, // a connection
		"int ipv4 add excludedportrange tcp start=49713 num=1":                                        {"     49713       49713     *", "Ok."},      // TIME_WAIT
		"int ipv4 add excludedportrange tcp start=0 num=1":                                            {"", "The parameter is incorrect."},
		"int ipv4 add excludedportrange tcp start=65535 num=2":                                        {"", "The parameter is incorrect."},
		"int ipv4 add excludedportrange tcp start=1433 num=1 store=active":                            {"", "Usage:"},
		"int ipv4 add excludedportrange udp start=1433 num=1":                                         {"", "command was not found"},
	} {
		m := machineOf(t, profile.Server2022, "en")
		before, _, _ := runLine(m, 437, "netsh int ipv4 show excludedportrange tcp")
		stdout, stderr, code := runLine(m, 437, "netsh "+line)
		after, _, _ := runLine(m, 437, "netsh int ipv4 show excludedportrange tcp")
		if !strings.Contains(stdout, want[1]) || stderr != "" || (code == 0) != (want[0] != "") || !strings.Contains(after, want[0]+"\r\n") || (before == after) != (want[0] == "") {
			t.Errorf("%s: exit code %d, says %q%s; then %q", line, code, stdout, stderr, after)
		}
	}
	m := machineOf(t, profile.Server2008R2, "en")
	if stdout, _, code := runLine(m, 437, "netsh int ipv4 add excludedportrange tcp start=1433 num=1"); code != 1 || !strings.Contains(stdout, "command was not found") {
		t.Errorf("2008 R2 without the hotfix: %d %q", code, stdout)
	}
}

// Every language has every sentence, in its own code page.
func TestNetshSpeaksItsLanguage(t *testing.T) {
	for language, want := range map[string][]string{
		"en": {"Ok.", "requires elevation (Run as administrator).", "parameter is incorrect", "Usage:", "used by another process"},
		"de": {"OK.", "erfordert erh\x94hte Rechte", "Falscher Parameter.", "nicht zul\x84ssig", "von einem anderen Prozess"},
		"fr": {"Ok.", "n\x82cessite une \x82l\x82vation", "Param\x8atre incorrect.", "Syntaxe :", "par un autre processus"},
		"ja": {"OK", "\x8a\xc7\x97\x9d\x8e\xd2", "\x83p\x83\x89\x83\x81", "\x83w\x83\x8b\x83v", "\x83v\x83\x8d\x83Z\x83X"},
	} {
		m := machineOf(t, profile.Server2022, language)
		say := func(line string, elevated bool) string {
			c := console{machine: &m, text: languages[language], elevated: elevated}
			c.run(line)
			if text := c.stdout.String(); strings.Contains(text, "%!") || c.stderr.Len() > 0 {
				t.Errorf("%s: %s: %q %q", language, line, text, c.stderr.String())
			}
			return string(languages[language].page.encode(c.stdout.Bytes()))
		}
		got := []string{
			say("netsh int ipv4 set dynamicport tcp start=2000 num=300", true),
			say("netsh int ipv4 set dynamicport tcp start=2001 num=300", false),
			say("netsh int ipv4 set dynamicport tcp start=2001 num=3", true),
			say("netsh int ipv4 set dynamicport tcp start=2001", true),
			say("netsh int ipv4 add excludedportrange tcp start=135 num=1", true),
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: %+q is missing in %+q", language, want[i], got[i])
			}
		}
		if r := m.Stack().Config().TCP4; r.Start != 2000 {
			t.Errorf("%s: the range is %v", language, r)
		}
	}
}
