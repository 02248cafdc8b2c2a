import {
  to = windows_tcpip_tuning.mail
  id = "mail01.contoso.com"
}
