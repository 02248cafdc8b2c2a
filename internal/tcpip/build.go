package tcpip

// Build is a Windows build number, as Win32_OperatingSystem.BuildNumber gives
// it. It orders the versions.
type Build uint32

// Builds that the catalogue tells apart.
const (
	Windows2000   Build = 2195
	Server2003    Build = 3790
	Server2008    Build = 6001
	Server2008R2  Build = 7600
	Server2012    Build = 9200
	Server2012R2  Build = 9600
	Server2016    Build = 14393
	Server2019    Build = 17763
	Server2022    Build = 20348
	Server2025    Build = 26100
	firstNewStack Build = 6000 // Vista: the rewritten TCP/IP stack with its dynamic port range
)

// HasDynamicPortRange tells whether the documented control of the ephemeral
// ports is the dynamic port range (Vista and Server 2008 and later, KB929851)
// and not MaxUserPort.
func (b Build) HasDynamicPortRange() bool { return b >= firstNewStack }

// Versions names the versions from this build up to, not including, another; a
// zero until means all later ones.
func (b Build) Versions(until Build) string {
	switch {
	case until == Server2003:
		return "on Windows 2000"
	case until == firstNewStack && b == Server2003:
		return "on Server 2003"
	case until == firstNewStack:
		return "up to Server 2003"
	default:
		return "on Server 2008 and later"
	}
}

// HasStandardCimv2 tells whether WMI has the network classes of
// root/StandardCimv2, MSFT_NetTCPConnection among them (Windows 8 and Server 2012
// and later).
func (b Build) HasStandardCimv2() bool { return b >= Server2012 }
