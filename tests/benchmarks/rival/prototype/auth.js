// Accounts and tokens.
import bcrypt from "bcryptjs";
import jwt from "jsonwebtoken";
import { User, open } from "./database.js";
import { listen, makeApp } from "./service.js";

await open();
const app = makeApp();

app.post("/register", async (request, response) => {
  const { username, password } = request.body;
  if (await User.findOne({ username })) {
    return response.status(400).json({ message: "Username already taken" });
  }
  const user = await User.create({ username, password: await bcrypt.hash(password, 10) });
  return response.status(201).json({ id: user._id, username });
});

app.post("/login", async (request, response) => {
  const { username, password } = request.body;
  const user = await User.findOne({ username });
  if (!user || !(await bcrypt.compare(password, user.password))) {
    return response.status(400).json({ message: "Invalid username or password" });
  }
  return response.json({ token: jwt.sign({ id: user._id, username }, process.env.JWT_SECRET) });
});

listen(app);
