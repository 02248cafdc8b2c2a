package tcpip

import (
	"cmp"
	"slices"
	"testing"
)

func TestServicePortsAreComplete(t *testing.T) {
	order := func(a, b Service) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Transport, b.Transport))
	}
	for i, s := range ServicePorts {
		if s.Name == "" || s.Source == "" || !slices.Contains(Transports, s.Transport) {
			t.Errorf("%d: the row lacks a name, a transport or a source: %+v", s.Port, s)
		}
		if s.Port < 1024 || DefaultPortRange.Contains(s.Port) {
			t.Errorf("%d/%s (%s) is below every range or inside the default one", s.Port, s.Transport, s.Name)
		}
		if i > 0 && order(ServicePorts[i-1], s) >= 0 {
			t.Errorf("%d/%s does not come after %d/%s", s.Port, s.Transport, ServicePorts[i-1].Port, ServicePorts[i-1].Transport)
		}
	}
}

func TestServicesIn(t *testing.T) {
	ports := func(list []Service) (ports []uint16) {
		for _, s := range list {
			ports = append(ports, s.Port)
		}
		return ports
	}
	tests := []struct {
		transport Transport
		r         PortRange
		want      []uint16
	}{
		{TCP, DefaultPortRange, nil},
		{UDP, DefaultPortRange, nil},
		{TCP, PortRange{1025, 408}, []uint16{1270}},       // ends at 1432
		{TCP, PortRange{1025, 409}, []uint16{1270, 1433}}, // ends at 1433
		{TCP, PortRange{1434, 1}, []uint16{1434}},
		{UDP, PortRange{1434, 255}, []uint16{1434, 1645, 1646}},
		{TCP, PortRange{5985, 2}, []uint16{5985, 5986}},
		{TCP, PortRange{10100, 55433}, []uint16{10123, 22233, 22234, 22235, 22236, 32843, 32844, 42424, 47001}}, // Oracle EPM's range
		{UDP, PortRange{10100, 55433}, nil},
		{TCP, PortRange{1025, 0}, nil},
	}
	for _, tt := range tests {
		if got := ports(ServicesIn(tt.transport, tt.r)); !slices.Equal(got, tt.want) {
			t.Errorf("%s %v: %v, want %v", tt.transport, tt.r, got, tt.want)
		}
	}
	all := len(ServicesIn(TCP, PortRange{1024, 64511})) + len(ServicesIn(UDP, PortRange{1024, 64511}))
	if all != len(ServicePorts) {
		t.Errorf("the widest range contains %d of %d services", all, len(ServicePorts))
	}
	// What a caller does with its list is no other caller's business.
	ServicesIn(TCP, PortRange{1024, 64511})[0].Port = 1
	if ServicePorts[0].Port != 1270 {
		t.Error("the table was changed through a result")
	}
}

// Whoever widens the range must hear of the way he comes in by.
func TestServicePortsHaveWinRM(t *testing.T) {
	for _, port := range []uint16{5985, 5986} {
		if !slices.ContainsFunc(ServicesIn(TCP, PortRange{port, 1}), func(s Service) bool { return s.Port == port }) {
			t.Errorf("%d is missing", port)
		}
	}
}
