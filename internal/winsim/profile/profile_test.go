package profile

import (
	"reflect"
	"testing"
)

// The suite runs under seeds 1, 2 and 3: they must show every answer of every question with up to three answers.
func TestSeedsShowEveryAnswer(t *testing.T) {
	answers := map[string]int{"Prefix": 3, "NamespaceCase": 3, "FirstItems": 3, "Offset": 3, "Reason": 3, "ProviderFault": 4, "FractionDigits": 8, "ShellPart": 3, "PolicyResults": 3}
	shape := reflect.TypeFor[Shape]()
	for i := range shape.NumField() {
		name, want := shape.Field(i).Name, 2
		if n, ok := answers[name]; ok {
			want = n
		}
		for _, first := range []int64{1, 1 + 24, 1 - 24} { // 24 is a multiple of every number of answers
			seen := map[any]bool{}
			for seed := first; seed < first+int64(want); seed++ {
				seen[reflect.ValueOf(ShapeOf(seed)).Field(i).Interface()] = true
			}
			if len(seen) != want {
				t.Errorf("%s: seeds from %d show %v, %d answers, want %d", name, first, seen, len(seen), want)
			}
		}
	}
}

// Questions must not go hand in hand: else a client that breaks on a combination would never meet it.
func TestQuestionsAreIndependent(t *testing.T) {
	seen := map[[2]bool]bool{}
	for seed := int64(1); seed <= 40; seed++ {
		s := ShapeOf(seed)
		seen[[2]bool{s.ReturnValueFirst, s.NilOutputs}] = true
	}
	if len(seen) != 4 {
		t.Errorf("40 seeds show only %v", seen)
	}
}

func TestByName(t *testing.T) {
	if p, ok := ByName("Server-2022"); !ok || p.Build != 20348 {
		t.Errorf("Server-2022 is %+v, %v", p, ok)
	}
	if _, ok := ByName("server-1999"); ok {
		t.Error("there is no server-1999")
	}
}
