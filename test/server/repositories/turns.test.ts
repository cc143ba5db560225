import { expect, it } from "vitest";
import { createTurns } from "../../../src/server/repositories/turns.ts";

it("lets so many of one name work at once, the rest in order, and another name beside them", async () => {
  const turns = createTurns(2);
  const leaveFirst = await turns.take("alice");
  const leaveSecond = await turns.take("alice");
  const begun: string[] = [];
  const begin = async (name: string): Promise<() => void> => {
    const leave = await turns.take("alice");
    begun.push(name);
    return leave;
  };
  const third = begin("third");
  const fourth = begin("fourth");
  const leaveOther = await turns.take("bob");
  leaveOther();
  expect(begun).toEqual([]);
  leaveFirst();
  const leaveThird = await third;
  expect(begun).toEqual(["third"]);
  leaveSecond();
  const leaveFourth = await fourth;
  expect(begun).toEqual(["third", "fourth"]);
  leaveThird();
  leaveFourth();
  const [one, two] = await Promise.all([turns.take("alice"), turns.take("alice")]);
  expect([typeof one, typeof two]).toEqual(["function", "function"]);
});
