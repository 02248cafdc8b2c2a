package tcpip

import "strings"

// neighbours is the other values that Windows has or had in the same key, in lower
// case: never somebody's slip, however close to a name of the catalogue. Those of an
// interface's key stand here too, since people write them one key too high.
var neighbours = words(
	// KB314053, the parameters of Windows XP and Server 2003 [documented]
	`ArpAlwaysSourceRoute ArpUseEtherSNAP DatabasePath DefaultGateway DefaultTTL DhcpDefaultGateway DhcpIPAddress
	DhcpNameServer DhcpServer DhcpSubnetMask Domain EnableDeadGWDetect EnableDhcp EnablePMTUBHDetect EnablePMTUDiscovery
	ForwardBroadcasts ForwardBufferMemory Hostname IGMPLevel IPAddress IPEnableRouter IPInterfaceContext
	KeepAliveInterval KeepAliveTime Lease LeaseObtainedTime LeaseTerminatesTime LLInterface MTU NameServer
	NumForwardPackets SearchList SubnetMask T1 T2 TcpMaxConnectRetransmissions TcpMaxDataRetransmissions
	TcpNumConnections TcpTimedWaitDelay TcpUseRFC1122UrgentPointer TcpWindowSize UseZeroBroadcast`,
	// "TCP/IP Implementation Details" of Windows 2000 and Server 2003, appendix A [documented]
	`AllowUserRawAccess ArpCacheLife ArpCacheMinReferencedLife ArpRetryCount ArpTRSingleRoute DefaultRegistrationTTL
	DefaultTOSValue DisableDHCPMediaSense DisableDynamicUpdate DisableIPSourceRouting DisableReplaceAddressesInConflicts
	DisableTaskOffload DisableUserTOSSetting DontAddDefaultGatewayDefault EnableAddrMaskReply EnableBcastArpReply
	EnableFastRouteLookup EnableICMPRedirect EnableICMPRedirects EnableMulticastForwarding EnableSecurityFilters
	FFPControlFlags FFPFastForwardingCacheSize GlobalMaxTcpWindowSize IPAutoconfigurationAddress
	IPAutoconfigurationEnabled IPAutoconfigurationMask IPAutoconfigurationSubnet MaxForwardBufferMemory
	MaxForwardPending MaxFreeTcbs MaxFreeTWTcbs MaxHashTableSize MaxNormLookupMemory MaxNumForwardPackets MaxUserPort
	NumTcbTablePartitions PerformRouterDiscovery PPTPTcpMaxDataRetransmissions PrioritizeRecordData QueryIpMatching
	SackOpts SolicitationAddressBCast SynAttackProtect Tcp1323Opts TcpDelAckTicks TcpFinWait2Delay TcpInitialRTT
	TcpMaxConnectResponseRetransmissions TcpMaxDupAcks TcpMaxHalfOpen TcpMaxHalfOpenRetried TcpMaxPortsExhausted
	TcpMaxSendFree TrFunctionalMcastAddress TypeOfInterface UpdateSecurityLevel UseDomainNameDevolution`,
	// KB812873, KB328890, KB948496 and Microsoft's MSS settings [documented]
	`EnableRSS EnableTCPA EnableTCPChimney ReservedPorts TcpAckFrequency TcpNoDelay`,
	// what the installer of Windows and vendors write [reported]
	`DeadGWDetectDefault ICSDomain StrictTimeWaitSeqCheck SyncDomainWithMembership`,
)

func words(lines ...string) []string {
	return strings.Fields(strings.ToLower(strings.Join(lines, " ")))
}
