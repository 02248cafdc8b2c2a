# The id is the host, as the attribute host has it. Every catalogue value that is a REG_DWORD on the host comes under
# management; nothing is written. The next plan is empty if the configuration names what was found.
terraform import windows_tcpip_tuning.mail mail01.contoso.com
