import { expect, it } from "vitest";
import { createTickets, ticketSeconds } from "../../../src/server/access/tickets.ts";

it("is good once, and for half a minute", () => {
  const tickets = createTickets();
  const first = tickets.issue("alice", 0) ?? "";
  const second = tickets.issue("alice", 1) ?? "";
  expect(tickets.redeem(first, 10)).toBe("alice");
  expect(tickets.redeem(first, 10)).toBeNull();
  expect(tickets.redeem(second, ticketSeconds * 1000 + 1)).toBeNull();
  expect(tickets.redeem("", 0)).toBeNull();
});

it("is given to each owner a hundred times at once, whatever others have", () => {
  const tickets = createTickets();
  const issued = Array.from({ length: 101 }, () => tickets.issue("alice", 0));
  expect(issued.slice(0, 100).every((ticket) => ticket !== null)).toBe(true);
  expect(issued.at(-1)).toBeNull();
  expect(tickets.issue("bob", 0)).not.toBeNull();
  expect(tickets.issue("alice", ticketSeconds * 1000)).not.toBeNull();
});
