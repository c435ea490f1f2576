// What the Express services share: an app that reads JSON and listens where it is told.
import express from "express";
import jwt from "jsonwebtoken";

export function makeApp() {
  const app = express();
  app.use(express.json());
  return app;
}

export function listen(app) {
  app.listen(Number(process.env.PORT), "127.0.0.1");
}

export function authenticated(request, response, next) {
  const token = request.headers.authorization?.split(" ")[1];
  if (!token) {
    return response.status(401).json({ message: "Unauthorized" });
  }
  try {
    request.user = jwt.verify(token, process.env.JWT_SECRET);
  } catch (error) {
    return response.status(401).json({ message: error.message });
  }
  return next();
}
