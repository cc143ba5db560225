import { describeTaskStore } from "../../../conformance/task-store.ts";
import { createPlace } from "./place.ts";

describeTaskStore("SQLite", createPlace);
