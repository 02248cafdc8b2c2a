terraform {
  required_providers {
    windows = { source = "windows-baseline/windows" } # Terraform finds a provider's functions only where this is written
  }
}

variable "peak" {
  description = "New connections per second to the busiest destination, at the peak."
  type        = number
  default     = 60
}

locals {
  number_of_ports = 16384 # an untouched Windows Server 2008 or later
  sustainable     = provider::windows::sustainable_connection_rate(local.number_of_ports, 240)
}

# A warning in every plan as long as the range is too small for the peak.
check "ports_last" {
  assert {
    condition     = local.sustainable >= var.peak
    error_message = format("%d ports sustain %.1f new connections per second, the peak is %g.", local.number_of_ports, local.sustainable, var.peak)
  }
}

output "sustainable" {
  description = "Whole connections per second."
  value       = floor(local.sustainable) # 68
}
