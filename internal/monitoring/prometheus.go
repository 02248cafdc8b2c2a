package monitoring

import (
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// hostLabel is the label that says which host a series is of. instance would be the
// machine that this program runs on; examples/monitoring gives windows_exporter's
// series the same label.
const hostLabel = "winrm_host"

// WritePrometheus writes the readings in Prometheus' text format.
func WritePrometheus(w io.Writer, readings []Reading) error {
	gatherer, err := gather(readings)
	if err != nil {
		return err
	}
	families, err := gatherer.Gather()
	if err != nil {
		return fmt.Errorf("gather the series: %w", err)
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
			return err
		}
	}
	return nil
}

// WriteTextfile writes the readings into a file for node_exporter's textfile collector,
// whole or not at all: a file that was there stays as it is where that fails.
func WriteTextfile(path string, readings []Reading) error {
	gatherer, err := gather(readings)
	if err != nil {
		return err
	}
	return prometheus.WriteToTextfile(path, gatherer)
}

func gather(readings []Reading) (prometheus.Gatherer, error) {
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(collector(readings)); err != nil {
		return nil, fmt.Errorf("register the series: %w", err)
	}
	return registry, nil
}

// collector gives the readings to client_golang.
type collector []Reading

func series() []Metric { return append([]Metric{States}, Metrics...) }

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range series() {
		if m.Series != "" {
			ch <- m.desc()
		}
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, m := range series() {
		if m.Series == "" {
			continue
		}
		desc := m.desc()
		for i := range c {
			for _, sample := range m.Samples(&c[i]) {
				values := append([]string{c[i].Host}, sample.Labels...)
				ch <- prometheus.MustNewConstMetric(desc, m.valueType(), sample.Number, values...)
			}
		}
	}
}

func (m Metric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.Series, fmt.Sprintf("%s Unit: %s.", m.Help, m.Unit), append([]string{hostLabel}, m.labels...), nil)
}

func (m Metric) valueType() prometheus.ValueType {
	switch m.Kind {
	case Counter:
		return prometheus.CounterValue
	case Untyped:
		return prometheus.UntypedValue
	default:
		return prometheus.GaugeValue
	}
}
