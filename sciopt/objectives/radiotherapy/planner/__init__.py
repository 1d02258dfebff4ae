"""The offline planner: reads a gradient and proposes plans, by a linear model of what the text tells."""
