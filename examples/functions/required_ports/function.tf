terraform {
  required_providers {
    windows = { source = "windows-baseline/windows" }
  }
}

# An error at plan time if the range cannot carry the load that it is meant for.
variable "pool" {
  type = object({
    number_of_ports        = number
    timed_wait_delay       = number
    connections_per_second = number # to the busiest destination, at the peak
  })
  default = {
    number_of_ports        = 55433
    timed_wait_delay       = 30
    connections_per_second = 1500
  }

  validation {
    condition = provider::windows::required_ports(var.pool.connections_per_second, var.pool.timed_wait_delay) <= var.pool.number_of_ports
    error_message = format("%g connections per second require %d ports.", var.pool.connections_per_second,
      provider::windows::required_ports(var.pool.connections_per_second, var.pool.timed_wait_delay)
    )
  }
}

output "required" {
  value = provider::windows::required_ports(var.pool.connections_per_second, var.pool.timed_wait_delay) # 45000
}
