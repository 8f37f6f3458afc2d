"""Do it later, surely: the durable engine, its lanes and its timers."""
