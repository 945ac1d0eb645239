package lint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNoAnswer means that a broker did not answer, or not in a way that tells anything.
var ErrNoAnswer = errors.New("no answer")

// answerTimeout bounds the questions to one broker.
const answerTimeout = 5 * time.Second

// Question is a danger that only the broker itself can tell of.
type Question struct {
	Rule
	ask func(ctx context.Context, s *set, c *component) ([]hit, error)
}

// Questions is what Brokers asks, in the order of the names.
func Questions() []Question {
	return slices.Concat(jetstreamQuestions, redisQuestions)
}

// Brokers asks the brokers of the components in the folders, those of which it knows the questions, in plain text and only to read. It
// returns what they say that is dangerous, and with it ErrNoAnswer, a line for each that says nothing.
func Brokers(ctx context.Context, folders ...string) ([]Finding, error) {
	s, err := read(folders)
	if err != nil {
		return nil, err
	}
	var found []Finding
	var faults []error
	for _, c := range s.components {
		told, err := s.ask(ctx, c)
		found, faults = append(found, told...), append(faults, err)
	}
	s.sort(found)
	return found, errors.Join(faults...)
}

// ask asks the broker of a component all that there is to ask, until it does not answer.
func (s *set) ask(ctx context.Context, c *component) ([]Finding, error) {
	var found []Finding
	for _, question := range Questions() {
		if !slices.Contains(question.Types, c.brand) {
			continue
		}
		hits, err := question.answer(ctx, s, c)
		if err != nil {
			return found, err
		}
		found = append(found, question.findings(hits)...)
	}
	return found, nil
}

func (q *Question) answer(ctx context.Context, s *set, c *component) ([]hit, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	hits, err := q.ask(ctx, s, c)
	if err != nil {
		at := c.at("spec", "type")
		return nil, fmt.Errorf("%s:%d: %w of the broker of %s: %w", at.file, at.line, ErrNoAnswer, c.name, err)
	}
	return hits, nil
}
