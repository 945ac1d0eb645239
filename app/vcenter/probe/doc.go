// Package probe measures a vCenter: what its documentation leaves open and a reader of its events depends on. It only
// reads. Its result is a file to send to the makers of vcrelay, with nothing in it that says whose vCenter it was.
//
// What it guarantees:
//
//   - Nothing is written to vCenter. At most three event collectors are open at once, each is destroyed, and the session
//     is logged out, also when the context ends in the middle.
//   - What vCenter says gets into a [Result] only as a number, a time, a truth value, a word that has the form of a version,
//     a class or an option's name, or through package scrub. Texts of errors never do: of a fault it is the class.
//   - What one measurement is refused does not stop the others. What there is by then can be saved at any time.
package probe
