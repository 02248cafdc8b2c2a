package tcpip

import "slices"

// Service is a port on which a service of Windows or of a Microsoft server product
// listens, unless somebody configured another one.
type Service struct {
	Port      uint16 // from 1024, below the default dynamic port range
	Transport Transport
	// Name is the service, with its protocol or feature where it has several ports.
	Name string
	// Source is the page of Microsoft's that names the port, or the RFC.
	Source string
}

// The pages that ServicePorts was taken from.
const (
	kb832017       = "KB832017, Service overview and network port requirements for Windows"
	sqlFirewall    = "Configure the Windows Firewall to Allow SQL Server Access"
	scomFirewall   = "Configuring a Firewall for Operations Manager"
	sharePoint     = "Plan security hardening for SharePoint Server"
	azureStackHCI  = "Plan host networking for Azure Stack HCI"
	configManager  = "Ports used in Configuration Manager"
	wsusStep2      = "WSUS, Step 2 - Configure WSUS"
	winRMScripting = "Scripting in Windows Remote Management"
	winRMInstalled = "Installation and Configuration for Windows Remote Management"
	kmsDeployment  = "Deploy KMS Activation"
	webDeploy      = "Configuring a Web Server for Web Deploy Publishing (Web Deploy Handler)"
	rfcNFS         = "RFC 7530 (NFS); Server for NFS"
)

// ServicePorts is well-known service ports of Windows servers, by port and transport.
// A dynamic port range that contains one can lend it to a client socket before the
// service starts. Ports from 49152 on are not here, though services have some: the
// default range contains them on every host. Nor are those below 1024, which no range
// reaches.
var ServicePorts = []Service{
	{1270, TCP, "System Center Operations Manager agent", kb832017},
	{1433, TCP, "SQL Server", kb832017},
	{1434, TCP, "SQL Server, dedicated administrator connection", sqlFirewall},
	{1434, UDP, "SQL Server Browser", kb832017},
	{1645, UDP, "RADIUS authentication (NPS, legacy port)", kb832017},
	{1646, UDP, "RADIUS accounting (NPS, legacy port)", kb832017},
	{1688, TCP, "Key Management Service", kmsDeployment},
	{1701, UDP, "L2TP (Routing and Remote Access)", kb832017},
	{1723, TCP, "PPTP (Routing and Remote Access)", kb832017},
	{1755, TCP, "Windows Media Services", kb832017},
	{1755, UDP, "Windows Media Services", kb832017},
	{1801, TCP, "Message Queuing", kb832017},
	{1801, UDP, "Message Queuing", kb832017},
	{1812, UDP, "RADIUS authentication (NPS)", kb832017},
	{1813, UDP, "RADIUS accounting (NPS)", kb832017},
	{1900, UDP, "SSDP Discovery", kb832017},
	{2049, TCP, "Server for NFS", rfcNFS},
	{2049, UDP, "Server for NFS", rfcNFS},
	{2101, TCP, "Message Queuing (domain controllers)", kb832017},
	{2103, TCP, "Message Queuing (RPC)", kb832017},
	{2105, TCP, "Message Queuing (RPC)", kb832017},
	{2107, TCP, "Message Queuing (management)", kb832017},
	{2179, TCP, "Hyper-V, connections to virtual machines", azureStackHCI},
	{2382, TCP, "SQL Server Browser for Analysis Services", sqlFirewall},
	{2383, TCP, "SQL Server Analysis Services", sqlFirewall},
	{2535, UDP, "MADCAP (DHCP Server)", kb832017},
	{2701, TCP, "Configuration Manager remote control", configManager},
	{2869, TCP, "SSDP event notification, UPnP Device Host", kb832017},
	{3268, TCP, "Global Catalog", kb832017},
	{3269, TCP, "Global Catalog over TLS", kb832017},
	{3343, TCP, "Cluster service", azureStackHCI},
	{3343, UDP, "Cluster service", kb832017},
	{3389, TCP, "Remote Desktop", kb832017},
	{3389, UDP, "Remote Desktop", kb832017},
	{3527, UDP, "Message Queuing (ping)", kb832017},
	{4011, UDP, "BINL (Windows Deployment Services, Remote Installation)", kb832017},
	{4022, TCP, "SQL Server Service Broker (no default port, but the customary one)", sqlFirewall},
	{4500, UDP, "IPsec NAT traversal", kb832017},
	{5004, UDP, "Windows Media Services (RTP)", kb832017},
	{5005, UDP, "Windows Media Services (RTCP)", kb832017},
	{5022, TCP, "SQL Server database mirroring and availability groups (no default port, but the customary one)", sqlFirewall},
	{5445, TCP, "SMB Direct over iWARP", azureStackHCI},
	{5722, TCP, "DFS Replication (domain controllers of Windows Server 2008 and 2008 R2)", kb832017},
	{5723, TCP, "System Center Operations Manager", scomFirewall},
	{5724, TCP, "System Center Operations Manager", scomFirewall},
	{5985, TCP, "WinRM over HTTP", kb832017},
	{5986, TCP, "WinRM over HTTPS", winRMInstalled},
	{6001, TCP, "Exchange information store (RPC over HTTPS)", kb832017},
	{6002, TCP, "Exchange directory referral (RPC over HTTPS)", kb832017},
	{6004, TCP, "Exchange directory proxy (RPC over HTTPS)", kb832017},
	{6600, TCP, "Hyper-V live migration", kb832017},
	{7022, TCP, "SQL Server database mirroring (no default port, but a customary one)", sqlFirewall},
	{8172, TCP, "IIS Web Management Service, Web Deploy", webDeploy},
	{8530, TCP, "WSUS over HTTP", wsusStep2},
	{8531, TCP, "WSUS over HTTPS", wsusStep2},
	{9389, TCP, "Active Directory Web Services", kb832017},
	{10123, TCP, "Configuration Manager client notification", configManager},
	{22233, TCP, "AppFabric Caching (SharePoint distributed cache)", sharePoint},
	{22234, TCP, "AppFabric Caching (SharePoint distributed cache)", sharePoint},
	{22235, TCP, "AppFabric Caching (SharePoint distributed cache)", sharePoint},
	{22236, TCP, "AppFabric Caching (SharePoint distributed cache)", sharePoint},
	{32843, TCP, "SharePoint service applications over HTTP", sharePoint},
	{32844, TCP, "SharePoint service applications over HTTPS", sharePoint},
	{42424, TCP, "ASP.NET State Service", kb832017},
	{47001, TCP, "WinRM, local requests", winRMScripting},
}

// ServicesIn gives the well-known service ports of a transport that are in a range, by
// port.
func ServicesIn(transport Transport, r PortRange) []Service {
	inside := slices.Clone(ServicePorts)
	return slices.DeleteFunc(inside, func(s Service) bool { return s.Transport != transport || !r.Contains(s.Port) })
}
