package event

import "fmt"

// Order says which events must not overtake each other on the way to the target.
type Order int

// The orders of a stream.
const (
	OrderEntity Order = iota // those of one entity; an event without one has no order to keep
	OrderStrict              // all of a vCenter
	OrderNone                // none
)

// ParseOrder reads `entity`, `strict` or `none`.
func ParseOrder(text string) (Order, error) {
	switch text {
	case "entity":
		return OrderEntity, nil
	case "strict":
		return OrderStrict, nil
	case "none":
		return OrderNone, nil
	default:
		return 0, fmt.Errorf("%q is no order; use entity, strict or none", text)
	}
}
