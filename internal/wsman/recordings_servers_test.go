package wsman

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/internal/recordings"
)

// recordedItems reads one recorded reply of Windows with the parser under test.
func recordedItems(t *testing.T, folder, file string) ([]Item, envelope) {
	t.Helper()
	var items []Item
	reply, err := parseEnvelope(recordings.Read(t, folder, file), nil, func(i Item) error {
		items = append(items, i)
		return nil
	})
	if err != nil {
		t.Fatalf("%s/%s: %v", folder, file, err)
	}
	return items, reply
}

var fileName = regexp.MustCompile(`^(Win32_.+)_(all|star)_(\d\d\d)\.xml$`)

// Every item and every property of every recording, against a count that knows
// nothing of XML.
func TestEveryRecordedItemIsFound(t *testing.T) {
	for _, folder := range []string{"server_2003", "server_2012"} {
		total := 0
		for _, file := range recordings.Files(t, folder, "*.xml") {
			name := fileName.FindStringSubmatch(file)
			if name == nil {
				t.Fatalf("unexpected file %s", file)
			}
			form, part := name[2], name[3]
			text := string(recordings.Read(t, folder, file))
			items, reply := recordedItems(t, folder, file)
			total += len(items)

			opening := regexp.MustCompile(`<w:XmlFragment[ >]()`)
			property := regexp.MustCompile(`</\w+>|<\w+ xsi:nil="true"/>`)
			if form == "star" {
				// A subclass comes too: Win32_TerminalService among the services of 2012.
				opening = regexp.MustCompile(`<p:(\w+) xmlns:xsi=`)
				property = regexp.MustCompile(`</p:\w+>|<p:\w+ xsi:nil="true"/>`)
			}
			wanted := opening.FindAllStringSubmatch(text, -1)
			if want := len(wanted); len(items) != want || want == 0 || reply.items != want {
				t.Fatalf("%s/%s: %d items, want %d", folder, file, len(items), want)
			}
			fields := 0
			for i, item := range items {
				fields += len(item.Fields)
				if item.Class != wanted[i][1] {
					t.Errorf("%s/%s: class %q", folder, file, item.Class)
				}
			}
			want := len(property.FindAllString(text, -1))
			if form == "star" {
				want -= len(items) // their own closing tags
			} else {
				want -= strings.Count(text, "</Datetime>")
			}
			if fields != want {
				t.Errorf("%s/%s: %d properties, want %d", folder, file, fields, want)
			}
			if !reply.enumeration || reply.ended != strings.Contains(text, "EndOfSequence/>") || (!reply.ended && reply.context == "") {
				t.Errorf("%s/%s: ended %t, context %q", folder, file, reply.ended, reply.context)
			}
			action := map[bool]string{true: "EnumerateResponse", false: "PullResponse"}[part == "000"]
			if !strings.HasSuffix(reply.action, "/"+action) || !strings.HasPrefix(reply.relatesTo, "uuid:") || reply.fault != nil {
				t.Errorf("%s/%s: action %q, relates to %q", folder, file, reply.action, reply.relatesTo)
			}
		}
		t.Logf("%s: %d items", folder, total)
	}
}

// Values that were read in the recordings by eye. Null is "<null>"; the elements
// of an array are joined with "|".
func TestRecordedValues(t *testing.T) {
	for _, test := range []struct{ folder, file, item, property, want string }{
		{"server_2003", "Win32_Service_all_000.xml", "Name=AeLookupSvc", "PathName", `C:\WINDOWS\system32\svchost.exe -k netsvcs`},
		{"server_2003", "Win32_Service_all_000.xml", "Name=AeLookupSvc", "ProcessId", "864"},
		{"server_2003", "Win32_Service_all_000.xml", "Name=AeLookupSvc", "InstallDate", "<null>"},
		{"server_2003", "Win32_Service_all_000.xml", "Name=aspnet_state", "ProcessId", "0"},
		{"server_2003", "Win32_Service_all_000.xml", "Name=Dhcp", "ProcessId", "800"},
		{"server_2003", "Win32_Service_all_000.xml", "Name=xmlprov", "PathName", `C:\WINDOWS\System32\svchost.exe -k netsvcs`},
		{"server_2003", "Win32_OperatingSystem_all_000.xml", "", "InstallDate", "2013-03-11T21:28:04Z"},
		{"server_2003", "Win32_OperatingSystem_all_000.xml", "", "LastBootUpTime", "2013-04-15T16:28:38.376625Z"},
		{"server_2003", "Win32_OperatingSystem_all_000.xml", "", "LocalDateTime", "2013-04-15T20:27:39.84Z"},
		{"server_2003", "Win32_OperatingSystem_star_000.xml", "", "LocalDateTime", "2013-04-15T20:27:39.762Z"},
		{"server_2003", "Win32_OperatingSystem_star_000.xml", "", "ServicePackMajorVersion", "2"},
		{"server_2003", "Win32_ComputerSystem_all_000.xml", "", "PauseAfterReset", "-1"},
		{"server_2003", "Win32_ComputerSystem_all_000.xml", "", "Roles", "LM_Workstation|LM_Server|NT|Server_NT|Master_Browser|DFS"},
		{"server_2003", "Win32_ComputerSystem_all_000.xml", "", "SystemStartupOptions", `"Windows Server 2003 Datacenter x64 Edition" /noexecute=optout /fastdetect /usepmtimer`},
		{"server_2003", "Win32_ComputerSystem_all_000.xml", "", "BootOptionOnLimit", "<null>"},
		{"server_2003", "Win32_Volume_star_000.xml", `Caption=C:\`, "Capacity", "26841444352"},
		{"server_2003", "Win32_Volume_star_000.xml", `Caption=C:\`, "DeviceID", `\\?\Volume{c7d80e4f-8864-11e2-8086-806e6f6e6963}\`},
		{"server_2012", "Win32_ComputerSystem_all_000.xml", "", "Roles", "LM_Workstation|LM_Server|NT|Server_NT"},
		{"server_2012", "Win32_IP4RouteTable_all_001.xml", "Caption=10.30.40.193", "Age", "14366"},
		{"server_2012", "Win32_IP4RouteTable_all_001.xml", "Caption=10.30.40.193", "Description", "10.30.40.193 - 255.255.255.255 - 0.0.0.0"},
		{"server_2012", "Win32_IP4RouteTable_all_001.xml", "Caption=10.30.40.193", "Metric2", "-1"},
		{"server_2012", "Win32_OperatingSystem_star_000.xml", "", "Description", ""},
		{"server_2012", "Win32_OperatingSystem_star_000.xml", "", "CSDVersion", "<null>"},
		{"server_2012", "Win32_OperatingSystem_star_000.xml", "", "MaxNumberOfProcesses", "4294967295"},
		{"server_2012", "Win32_OperatingSystem_star_000.xml", "", "LastBootUpTime", "2013-04-15T16:28:43.488171Z"},
		{"server_2012", "Win32_OperatingSystem_star_000.xml", "", "Name", `Microsoft Windows Server 2012 Standard|C:\Windows|\Device\Harddisk0\Partition2`},
		{"server_2012", "Win32_NetworkAdapterConfiguration_star_001.xml", "IPAddress=10.30.40.193", "DHCPLeaseExpires", "2013-04-15T20:58:58Z"},
		{"server_2012", "Win32_Process_all_001.xml", "Caption=nvSCPAPISvr.exe", "CommandLine", `"C:\Program Files (x86)\NVIDIA Corporation\3D Vision\nvSCPAPISvr.exe"`},
		{"server_2012", "Win32_Process_all_001.xml", "Caption=smss.exe", "CreationDate", "2013-04-15T16:28:47.76637Z"},
		{"server_2012", "Win32_Service_all_002.xml", "Caption=Performance Logs & Alerts", "Name", "pla"},
		{"server_2012", "Win32_Service_star_002.xml", "Name=TermService", "ProcessId", "1720"},
		{"server_2012", "Win32_Service_star_003.xml", "Name=xensvc", "PathName", `"C:\Program Files (x86)\Citrix\XenTools\XenGuestAgent.exe"`},
		{"server_2012", "Win32_Product_all_001.xml", "Name=Ec2ConfigService", "InstallDate", "20130222"},
	} {
		items, _ := recordedItems(t, test.folder, test.file)
		item, err := pick(items, test.item)
		if err != nil {
			t.Errorf("%s/%s: %v", test.folder, test.file, err)
			continue
		}
		var got []string
		for _, f := range item.All(test.property) {
			if f.Null {
				f.Text = "<null>" + f.Text
			}
			got = append(got, f.Text)
		}
		if len(got) == 0 || strings.Join(got, "|") != test.want {
			t.Errorf("%s/%s %s: %s = %q, want %q", test.folder, test.file, test.item, test.property, got, test.want)
		}
	}
}

// pick finds the item that `property=value` names, or the only one.
func pick(items []Item, by string) (Item, error) {
	property, value, _ := strings.Cut(by, "=")
	for _, item := range items {
		if text, _ := item.Text(property); by == "" && len(items) == 1 || by != "" && text == value {
			return item, nil
		}
	}
	return Item{}, fmt.Errorf("no item %q among %d", by, len(items))
}

func TestRecordedUnicode(t *testing.T) {
	items, _ := recordedItems(t, "server_2012", "Win32_Service_all_001.xml")
	found := 0
	for _, item := range items {
		if text, _ := item.Text("Description"); strings.Contains(text, "(SSDP) and Web Services \u2013 Discovery (WS-D) protocol.") {
			found++
		}
	}
	printers, _ := recordedItems(t, "server_2012", "Win32_Service_all_002.xml")
	item, err := pick(printers, "Name=PrintNotify")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := item.Text("Description")
	if found != 1 || !strings.HasSuffix(text, "you won\u2019t be able to see printer extensions or notifications.") {
		t.Errorf("%d, %q", found, text)
	}
}

func TestRecordedTypedValues(t *testing.T) {
	items, _ := recordedItems(t, "server_2012", "Win32_OperatingSystem_star_000.xml")
	boot, err := items[0].Time("lastbootuptime")
	if want := time.Date(2013, 4, 15, 16, 28, 43, 488171000, time.UTC); err != nil || !boot.Equal(want) {
		t.Errorf("%v, %v", boot, err)
	}
	if n, err := items[0].Uint32("MaxNumberOfProcesses"); err != nil || n != 4294967295 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := items[0].Uint32("MaxProcessMemorySize"); err == nil {
		t.Errorf("8589934464 is %d", n)
	}
	if !items[0].Null("CSDVersion") || items[0].Null("Description") || items[0].Null("NoSuchThing") {
		t.Error("null is not told from empty and missing")
	}
}
