package wmi

import (
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

var netTCPConnection = &Class{
	Name: "MSFT_NetTCPConnection",
	Properties: properties(`InstanceID LocalAddress LocalPort# RemoteAddress RemotePort# State# AppliedSetting# OwningProcess#
		CreationTime@ OffloadState#`),
	rows: func(m *Machine) (rows []Row) {
		m.Stack().Each(func(s tcpstack.Socket) bool {
			local, remote := s.Local.Addr().String(), s.Remote.Addr().String()
			rows = append(rows, Row{nil, local, int64(s.Local.Port()), remote, int64(s.Remote.Port()), int64(s.State), nil, int64(s.PID), s.Created, int64(0)})
			return true
		})
		return rows
	},
}
